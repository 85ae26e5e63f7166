"""The lines of a folder's README: plain ONNX Runtime, numpy, tokenizers and Pillow."""

from __future__ import annotations

from collections.abc import Iterable
from string import Template
from typing import Any

HEAD = """\
import json
import numpy as np
import onnxruntime

facts = json.load(open("handler.json"))
graphs = facts["graphs"]
sessions = {name: onnxruntime.InferenceSession(graphs[name]["file"]) for name in graphs}


def run(name, given):
    dtypes = {key: value["dtype"] for key, value in graphs[name]["inputs"].items()}
    feeds = {key: np.asarray(given[key], dtype) for key, dtype in dtypes.items()}
    return dict(zip(graphs[name]["outputs"], sessions[name].run(None, feeds)))

"""
ARRAYS = """
inputs = dict(np.load("sample.npz"))
"""
TEXT = Template("""
from tokenizers import Tokenizer
text = Tokenizer.from_file("tokenizer.json").encode(${text})
inputs = {"input_ids": [text.ids], "attention_mask": [text.attention_mask]}
inputs["token_type_ids"] = [text.type_ids]
""")
IMAGE = Template("""
from PIL import Image
image = Image.open(${file}).convert("RGB")
${sizing}
mean, std = ${mean}, ${std}
pixels = (np.asarray(image) * ${scale} - mean) / std
inputs = {"pixel_values": pixels.transpose(2, 0, 1)[None]}
""")
RESIZED = Template("image = image.resize((${width}, ${height}), ${resample})")
SHORTEST = Template("""\
factor = ${edge} / min(image.size)
image = image.resize([int(side * factor) for side in image.size], ${resample})""")
CROPPED = Template("""
left, top = (image.width - ${width}) // 2, (image.height - ${height}) // 2
image = image.crop((left, top, left + ${width}, top + ${height}))""")
SOUND = Template("""
import wave
sound = wave.open(${file})  # ${rate} Hz, mono, 16 bits
samples = np.frombuffer(sound.readframes(sound.getnframes()), np.int16) / np.float32(32768)
""")
WAVEFORM = """\
samples = (samples - samples.mean()) / np.sqrt(samples.var() + 1e-7)
inputs = {"input_values": [samples], "attention_mask": [np.ones(len(samples))]}
"""
MEL = Template("""\
heard = len(samples)
samples = np.pad(samples, (0, ${length} - heard))
padded = np.pad(samples, ${window} // 2, mode="reflect")
frames = np.lib.stride_tricks.sliding_window_view(padded, ${window})[:-1:${hop}]
power = np.abs(np.fft.rfft(frames * np.hanning(${window} + 1)[:-1])) ** 2
mel = np.log10(np.maximum(np.load("mel_filters.npy").T @ power.T, 1e-10))
mel = (np.maximum(mel, mel.max() - 8) + 4) / 4
inputs = {"input_features": [mel], "attention_mask": [np.arange(mel.shape[1]) * ${hop} < heard]}
""")
FORWARD = """
outputs = run("model", inputs)
"""
GENERATE = Template("""
plan = facts["generation"]
${start}
past, first = {}, len(tokens)
for _ in range(plan["new_tokens"]):
    new = tokens[-1:] if past else tokens
    step = {
${step}
    }
    outputs = run("next" if past else "first", {**inputs, **step, **past})
    past = {name: outputs[giver] for name, giver in plan["round"].items()}
    scores = outputs["logits"][0, -1]
    scores[plan["never"] + (plan["never_first"] if len(tokens) == first else [])] = -np.inf
    tokens.append(int(scores.argmax()))
    if tokens[-1] in plan["end"]:
        break
""")

PROMPT = 'tokens = list(inputs["input_ids"][0])'
OPENING = """\
inputs |= {"encoder_outputs." + name: value for name, value in run("encoder", inputs).items()}
tokens = list(plan["start"])"""
LANGUAGE = Template("""
spoken = run("first", {**inputs, "decoder_input_ids": [tokens[:${at}]]})["logits"][0, -1]
tokens[${at}] = max(plan["languages"].values(), key=lambda token: spoken[token])""")
POSITIONS = "range(len(tokens) - len(new), len(tokens))"
STEP = {
    "input_ids": "[new]",
    "decoder_input_ids": "[new]",
    "attention_mask": "np.ones((1, len(tokens)))",
    "decoder_attention_mask": "np.ones((1, len(tokens)))",
    "position_ids": f"[{POSITIONS}]",
    "decoder_position_ids": f"[{POSITIONS}]",
    "cache_position": POSITIONS,
}
"""Input that changes from step to step -> the expression for its value."""
OF_ENCODER = {"input_ids", "attention_mask", "position_ids"}
"""Those that stay the same if there is an encoder, whose inputs they are."""
LABEL = """
scores = np.exp(outputs["logits"][0] - outputs["logits"][0].max())
scores /= scores.sum()
answer = {"label": facts["labels"][scores.argmax()], "score": float(scores.max())}
"""
MEAN = """
mask = np.array(inputs["attention_mask"])[..., None]
answer = (outputs["last_hidden_state"] * mask).sum(1)[0] / mask.sum()
"""
OF_FIRST = """
answer = outputs["last_hidden_state"][0, 0]
"""
UNIT = """\
answer = answer / np.linalg.norm(answer)
"""
DECODED = """
from tokenizers import Tokenizer
answer = Tokenizer.from_file("tokenizer.json").decode(tokens)
"""
TOKENS = """
answer = tokens
"""
SHAPES = """
answer = {name: value.shape for name, value in outputs.items()}
"""
OF_PYTHON = {"import json", "import wave"}
SHOWN = """\
print(answer)
"""
ANSWERS = (LABEL, MEAN, MEAN + UNIT, OF_FIRST, OF_FIRST + UNIT)
"""Ways to an answer of a task of one call; the first that gives the task's own is used."""


def assembled(*parts: str) -> str:
    """The parts as one program: imports first, each once; blank lines between the parts."""
    every = "".join((HEAD, *parts)).splitlines()
    imports = {line for line in every if line.startswith(("import ", "from "))}
    own = sorted(imports & OF_PYTHON)
    others = sorted(imports - OF_PYTHON, key=lambda line: line.split()[1])
    code = [line for line in every if line not in imports]
    return "\n".join([*own, "", *others, *code]) + "\n"


def text_lines(text: str) -> str:
    """Lines that tokenize a text."""
    return TEXT.substitute(text=repr(text))


def image_lines(file: str, processor: Any) -> str | None:
    """Lines that do what an image processor does; None if it does something else."""
    size, mean, std = processor.size or {}, processor.image_mean, processor.image_std
    resample = int(processor.resample or 0)
    if "shortest_edge" in size:
        sizing = SHORTEST.substitute(edge=size["shortest_edge"], resample=resample)
    elif "height" in size:
        sizing = RESIZED.substitute(width=size["width"], height=size["height"], resample=resample)
    else:
        return None
    if getattr(processor, "do_center_crop", None):
        sizing += CROPPED.substitute(processor.crop_size)
    if not (processor.do_rescale and processor.do_normalize):
        return None
    scale = processor.rescale_factor
    return IMAGE.substitute(
        file=repr(file), sizing=sizing, scale=scale, mean=list(mean), std=list(std)
    )


def sound_lines(file: str, extractor: Any) -> str:
    """Lines that do what a feature extractor does: a log-mel spectrogram, or the waveform."""
    sound = SOUND.substitute(file=repr(file), rate=extractor.sampling_rate)
    if not hasattr(extractor, "mel_filters"):
        return sound + WAVEFORM
    length = getattr(extractor, "n_samples", None)
    return sound + MEL.substitute(length=length, window=extractor.n_fft, hop=extractor.hop_length)


def changing_inputs(inputs: Iterable[str], encodes: bool) -> list[str]:
    """The inputs of a decoder that change from step to step; those of an encoder do not."""
    taken = set(inputs) - (OF_ENCODER if encodes else set())
    return [name for name in STEP if name in taken]


def generate_lines(inputs: Iterable[str], encodes: bool, language_at: int | None) -> str:
    """Lines that generate a text greedily.

    Args:
        inputs: names of the inputs of the graphs `first` and `next`.
        encodes: whether there is an encoder.
        language_at: the position of the language in the first tokens, if the model detects it.
    """
    changing = {name: STEP[name] for name in changing_inputs(inputs, encodes)}
    step = "\n".join(f'        "{name}": {value},' for name, value in changing.items())
    start = OPENING if encodes else PROMPT
    start += LANGUAGE.substitute(at=language_at) if language_at is not None else ""
    return GENERATE.substitute(start=start, step=step)
