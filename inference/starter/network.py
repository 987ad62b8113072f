"""The five parts of the starter model, all stock classes, and how they are laid down as a pipeline folder.

Knows sizes and layouts; nothing of data or training.
"""

import copy
import json
from pathlib import Path

from diffusers import AutoencoderTiny, DPMSolverMultistepScheduler, StableDiffusionPipeline, UNet2DConditionModel
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import CLIPTextConfig, CLIPTextModel, PreTrainedTokenizerFast

from inference.starter.vocabulary import WORD, learnt_words

LATENT_CHANNELS = 12
TEXT_WIDTH = 128
#: The words plan the picture on so many cells a side before it is painted.
PLAN_SIDE = 8
PLAN_CELLS = PLAN_SIDE**2
#: Words, the start, the end, and the plan's cells, of which every prompt has all.
WORDS_LENGTH = 30
TEXT_LENGTH = WORDS_LENGTH + 2 + PLAN_CELLS
PAD, START, END, UNKNOWN = "[PAD]", "[START]", "[END]", "[UNKNOWN]"
PAD_TOKEN, START_TOKEN, END_TOKEN = 0, 1, 2
CELLS = tuple(f"[CELL {row} {column}]" for row in range(PLAN_SIDE) for column in range(PLAN_SIDE))


def make_tokenizer() -> PreTrainedTokenizerFast:
    """One token a word; any other word becomes the one unknown token, case and punctuation are dropped.

    After the words stand the cells of the plan: each sees all that was said and becomes what is to be painted there.
    """
    vocabulary = {word: index for index, word in enumerate((PAD, START, END, UNKNOWN, *CELLS, *learnt_words()))}
    words = Tokenizer(models.WordLevel(vocabulary, unk_token=UNKNOWN))
    words.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase(), normalizers.Replace("’", "'")])
    words.pre_tokenizer = pre_tokenizers.Split(Regex(WORD), behavior="removed", invert=True)
    words.post_processor = processors.TemplateProcessing(
        single=[START, "$A", END, *CELLS],
        special_tokens=[(token, vocabulary[token]) for token in (START, END, *CELLS)],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=words,
        model_max_length=TEXT_LENGTH,
        bos_token=START,
        eos_token=END,
        pad_token=PAD,
        unk_token=UNKNOWN,
    )


def make_text_encoder() -> CLIPTextModel:
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(make_tokenizer()),
            hidden_size=TEXT_WIDTH,
            intermediate_size=4 * TEXT_WIDTH,
            projection_dim=TEXT_WIDTH,
            num_hidden_layers=3,
            num_attention_heads=4,
            max_position_embeddings=TEXT_LENGTH,
            pad_token_id=PAD_TOKEN,
            bos_token_id=START_TOKEN,
            eos_token_id=END_TOKEN,
        )
    )


def make_unet() -> UNet2DConditionModel:
    """The words scale and shift every layer, and on its two lower levels each place looks up its cells of the plan."""
    return UNet2DConditionModel(
        sample_size=16,
        in_channels=LATENT_CHANNELS,
        out_channels=LATENT_CHANNELS,
        block_out_channels=(64, 128, 128),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        layers_per_block=1,
        attention_head_dim=4,
        cross_attention_dim=TEXT_WIDTH,
        addition_embed_type="text",
        addition_embed_type_num_heads=4,
        resnet_time_scale_shift="scale_shift",
    )


def make_autoencoder() -> AutoencoderTiny:
    """Its latents are the picture at a quarter of its size: the painter composes, the decoder draws out the edges."""
    return AutoencoderTiny(
        scaling_factor=1.0,
        encoder_block_out_channels=(32, 32, 32, 32),
        decoder_block_out_channels=(48, 48, 48, 48),
        num_encoder_blocks=(0, 1, 1, 2),
        num_decoder_blocks=(3, 2, 1, 0),
        latent_channels=LATENT_CHANNELS,
    )


def make_scheduler() -> DPMSolverMultistepScheduler:
    """Flow matching, solved by a stock second-order scheduler."""
    return DPMSolverMultistepScheduler(
        prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=1.0, steps_offset=1
    )


def save_pipeline(
    folder: Path, autoencoder: AutoencoderTiny, text_encoder: CLIPTextModel, unet: UNet2DConditionModel
) -> None:
    """The large part in half precision, the small ones in full."""
    half_unet = copy.deepcopy(unet)
    for parameter in half_unet.parameters():
        parameter.data = parameter.data.half()
    pipeline = StableDiffusionPipeline(
        vae=autoencoder,
        text_encoder=text_encoder,
        tokenizer=make_tokenizer(),
        unet=half_unet,
        scheduler=make_scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.save_pretrained(folder)
    # Derived from the decoder's channels at loading, which warns when it finds it written down.
    _drop(folder / "vae" / "config.json", "block_out_channels")
    for path in folder.rglob("config.json"):
        _drop(path, "_name_or_path")


def _drop(path: Path, key: str) -> None:
    values = json.loads(path.read_text())
    values.pop(key, None)
    path.write_text(json.dumps(values, indent=2) + "\n")
