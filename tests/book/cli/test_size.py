import json

import pytest

from warmbook.__main__ import main

from ...broken_models import ONE, SOUND, TWO

LLAMA = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "hidden_size": 4096,
    "max_position_embeddings": 8192,
    "torch_dtype": "float32",
}
TOKEN_BYTES = 32 * 2 * 8 * 128 * 2


@pytest.fixture
def config(tmp_path):
    file = tmp_path / "config.json"
    file.write_text(json.dumps(LLAMA))
    return file


def sized(capsys, *words):
    status = main(["size", *map(str, words), "--format", "json"])
    return status, json.loads(capsys.readouterr().out)


def test_the_cache_of_a_config_alone_is_bfloat16_whatever_dtype_it_names(config, capsys):
    status, found = sized(capsys, config, "--max-model-len", 1000)
    assert (status, found["kv_bytes_low"]) == (0, 1000 * TOKEN_BYTES)
    assert found["kv_bytes_high"] == found["kv_bytes_low"]
    assert (found["verdict"], found["on_each_gpu"]) == ("not known", None)


def test_the_default_context_is_the_models_maximum(config, capsys):
    assert sized(capsys, config)[1]["tokens"] == 8192


def test_a_local_folder_is_compared_with_the_gpus_without_a_project(config, capsys):
    for name, data in SOUND.items():
        if name != "config.json":
            (config.parent / name).write_bytes(data)
    status, found = sized(capsys, config.parent, "--gpu", "l4", "--gpus", 2)
    assert (status, found["verdict"], found["gpu"]) == (0, "fits", "nvidia-l4")
    assert found["on_each_gpu"]["kv_cache"]["high"] * 2 == found["kv_bytes_high"]
    assert found["on_each_gpu"]["weights_bytes"] == 120
    status, found = sized(capsys, config.parent, "--gpu", "l4", "--max-model-len", 1_000_000)
    assert (status, found["verdict"]) == (1, "no")


def test_missing_and_unknown_names_are_refused_with_the_valid_ones(tmp_path, config, capsys):
    assert main(["size", str(tmp_path / "nothing")]) == 2
    assert "config.json" in capsys.readouterr().err
    assert main(["size", str(config), "--gpu", "x9"]) == 2
    assert "nvidia-l4" in capsys.readouterr().err


@pytest.mark.parametrize("text", [b"", b"[", b"[]", b"\xff\xfe"])
def test_a_file_that_is_no_json_object_is_refused(tmp_path, capsys, text):
    (tmp_path / "config.json").write_bytes(text)
    assert main(["size", str(tmp_path / "config.json")]) == 2
    assert "config.json" in capsys.readouterr().err


@pytest.mark.parametrize("text", [b"{}", b'{"model_type": []}'])
def test_an_object_that_is_no_config_has_a_cache_that_is_not_known(tmp_path, capsys, text):
    (tmp_path / "config.json").write_bytes(text)
    status, found = sized(capsys, tmp_path / "config.json")
    assert (status, found["kv_bytes_high"]) == (0, None)
    assert "num_hidden_layers" in found["missing"]


def test_an_architecture_that_is_not_known_has_no_figure_and_is_named(config, capsys):
    config.write_text(json.dumps({**LLAMA, "model_type": "new", "architectures": ["NewModel"]}))
    status, found = sized(capsys, config)
    assert (status, found["kv_bytes_low"], found["kv_bytes_high"]) == (0, None, None)
    assert "NewModel" in found["missing"]
    assert "1.0 GiB" in found["missing"], "what ordinary attention would need"


def test_a_missing_config_is_reported(config, capsys):
    config.unlink()
    (config.parent / ONE).write_bytes(SOUND[ONE])
    status, found = sized(capsys, config.parent)
    assert (status, found["kv_bytes_high"]) == (0, None)
    assert "config.json" in found["missing"]


def test_incomplete_weights_are_reported_beside_the_figures(config, capsys):
    (config.parent / ONE).write_bytes(SOUND[ONE])
    found = sized(capsys, config.parent)[1]
    assert TWO in " ".join(found["doubts"])
    (config.parent / TWO).write_bytes(SOUND[TWO])
    assert sized(capsys, config.parent)[1]["doubts"] == []


def test_what_no_architecture_is_named_for_is_called_an_assumption(config, capsys):
    named = {k: v for k, v in LLAMA.items() if k not in ("model_type", "architectures")}
    config.write_text(json.dumps(named))
    status, found = sized(capsys, config)
    assert (status, found["architecture_named"]) == (0, False)
    assert found["kv_bytes_high"] == 8192 * TOKEN_BYTES
    assert main(["size", str(config)]) == 0
    assert "is assumed" in capsys.readouterr().out


def test_a_state_that_is_not_in_the_figures_is_reported(config, capsys):
    config.write_text('{"model_type": "rwkv", "num_hidden_layers": 24, "hidden_size": 2048}')
    found = sized(capsys, config)[1]
    assert (found["kv_bytes_high"], found["state_layers"]) == (0, 24)
    main(["size", str(config)])
    assert "24 layers keep a state" in capsys.readouterr().out


def test_a_model_in_a_bucket_is_sized_as_the_notebook_does(chosen, clients, capsys):
    from warmbook.steps import sizing, weights

    settings = chosen.model_copy(update={"max_model_len": 1024})
    seen = weights.inspect(chosen, clients).seen
    drawn = sizing.size_up(settings, clients, seen=seen).record()
    status, found = sized(capsys, chosen.model_uri, "--max-model-len", 1024)
    assert (status, found.pop("model")) == (0, chosen.model_uri)
    assert {**found, "machine": drawn["machine"]} == drawn


def test_a_folder_without_a_model_and_an_empty_name_are_refused(tmp_path, capsys):
    assert main(["size", str(tmp_path)]) == 2
    assert "config.json" in capsys.readouterr().err
    with pytest.raises(SystemExit) as refused:
        main(["size", ""])
    assert refused.value.code == 2


@pytest.mark.parametrize("options", [["--gpus", "0"], ["--gpus", "17"], ["--max-model-len", "1e9"]])
def test_a_number_out_of_range_names_its_option(config, capsys, options):
    with pytest.raises(SystemExit) as refused:
        main(["size", str(config), *options])
    assert refused.value.code == 2
    assert options[0] in capsys.readouterr().err


def test_gpus_that_no_machine_has_are_refused_with_an_option_of_this_verb(config, capsys):
    assert main(["size", str(config), "--gpu", "l4", "--gpus", "3"]) == 2
    told = capsys.readouterr().err
    assert "--gpus" in told
    assert "-p " not in told
