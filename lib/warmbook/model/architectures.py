"""Architectures whose layers are understood here, though transformers has no class of theirs.

Each layer of theirs keeps keys and values as config.json says by the usual names, or one of the
rules of `layer_types` reads it. Source: vLLM 0.32.0, model_executor/models, and for those that
it dropped the last release that had them, as its registry names it. Not in the list, so not
understood: what runs its layers several times (Ouro, IQuest's loops), and windows or head counts
that config.json tells in a way of its own (PLaMo 3, Rnj-1, Pangu Pro MoE).
"""

from __future__ import annotations

from collections.abc import Mapping

ORDINARY: Mapping[str, str] = {
    "AquilaForCausalLM": "aquila",
    "AquilaModel": "aquila",
    "ArcticForCausalLM": "arctic",
    "BaiChuanForCausalLM": "baichuan",
    "BaichuanForCausalLM": "baichuan",
    "BailingMoeForCausalLM": "bailing_moe",
    "BailingMoeV2ForCausalLM": "bailing_moe_v2",
    "BailingMoeV2_5ForCausalLM": "bailing_hybrid",
    "ChatGLMForConditionalGeneration": "chatglm",
    "ChatGLMModel": "chatglm",
    "DeciLMForCausalLM": "nemotron-nas",
    "DeepseekForCausalLM": "deepseek",
    "DotsOCRForCausalLM": "dots_ocr",
    "ExaoneForCausalLM": "exaone",
    "Grok1ForCausalLM": "grok-1",
    "Grok1ModelForCausalLM": "grok-1",
    "HunYuanMoEV1ForCausalLM": "hunyuan",
    "IQuestCoderForCausalLM": "iquestcoder",
    "InternLM2ForCausalLM": "internlm2",
    "InternLM3ForCausalLM": "internlm3",
    "InternLMForCausalLM": "internlm",
    "JAISLMHeadModel": "jais",
    "KeyeForConditionalGeneration": "Keye",
    "KeyeVL1_5ForConditionalGeneration": "KeyeVL1_5",
    "LLaMAForCausalLM": "llama",
    "MPTForCausalLM": "mpt",
    "MiMoForCausalLM": "mimo",
    "MiMoV2ForCausalLM": "mimo_v2_flash",
    "MiniCPMForCausalLM": "minicpm",
    "MiniCPMO": "minicpmo",
    "MiniCPMV": "minicpmv",
    "MiniMaxM1ForCausalLM": "minimax_m1",
    "MiniMaxText01ForCausalLM": "minimax_text_01",
    "MolmoForCausalLM": "molmo",
    "MoonshotKimiaForCausalLM": "kimi_audio",
    "OrionForCausalLM": "orion",
    "PanguUltraMoEForCausalLM": "pangu_ultra_moe",
    "Param2MoEForCausalLM": "param2moe",
    "Phi3VForCausalLM": "phi3_v",
    "Phi4ForCausalLMV": "phi4-siglip",
    "Phi4MMForCausalLM": "phi4mm",
    "PhiMoEForCausalLM": "phimoe",
    "QWenLMHeadModel": "qwen",
    "RWForCausalLM": "falcon",
    "SarvamMoEForCausalLM": "sarvam_moe",
    "SolarForCausalLM": "solar",
    "StableLMEpochForCausalLM": "stablelm_epoch",
    "TeleChat2ForCausalLM": "telechat2",
    "TeleChat3ForCausalLM": "telechat3",
    "TeleChatForCausalLM": "telechat",
    "TeleFLMForCausalLM": "teleflm",
    "XverseForCausalLM": "xverse",
    "YiForCausalLM": "Yi",
}
"""The name that `architectures` has -> the `model_type`."""

ALSO_CALLED: Mapping[str, str] = {
    "RefinedWeb": "falcon",
    "RefinedWebModel": "falcon",
    "kimi_k2": "deepseek_v3",
}
"""Other values of `model_type` for a class of transformers. Source: vLLM 0.32.0, config.py."""
