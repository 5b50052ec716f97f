from warmbook.settings import Settings
from warmbook.settings.described import described
from warmbook.texts import speak


def test_each_setting_has_a_meaning_a_default_and_allowed_values():
    told = {one.name: one for one in described()}
    assert told.keys() == Settings.model_fields.keys()
    assert all(one.meaning for one in told.values())
    assert (told["project_id"].default, told["zone"].default) == (None, "")
    assert told["mode"].choices == ("autopilot", "standard")
    assert told["spot"].choices == ("true", "false")
    assert told["gpu_count"].allowed == "1 to 16"
    assert told["compare_usd"].allowed == "0 to 10000"
    assert "6 to 30" in told["project_id"].rule
    assert str(told["gpu_count"]).endswith("Default: 1. Allowed: 1 to 16.")
    assert str(told["gpu"]).endswith("Default: nvidia-l4. Enter a GPU type such as nvidia-l4.")
    assert "Required." in str(told["model_uri"])
    assert "Default: false." in str(told["spot"])


def test_documented_values_are_accepted():
    for one in described():
        for choice in one.choices:
            given = {"project_id": "my-project", "model_uri": "gs://b-1/m", one.name: choice}
            if choice == "standard":
                given["location"] = "us-central1-a"
            assert str(getattr(Settings.parse(given), one.name)).lower() == choice.lower()


def test_descriptions_are_in_the_readers_language():
    speak("es")
    try:
        spanish = {one.name: str(one) for one in described()}
    finally:
        speak("")
    assert spanish["gpu_count"].endswith("Valor predeterminado: 1. Permitido: de 1 a 16.")
    assert all("Default" not in told for told in spanish.values())
