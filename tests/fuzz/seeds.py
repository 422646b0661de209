"""Writes small valid files to begin from, one for each of what the fuzz targets read: `seeds.py FOLDER`."""

import json
import pathlib
import pickle
import struct
import sys

MAGIC = 0x1950A86A20F9469CFC6C


def text(value):
    return b"X" + struct.pack("<I", len(value)) + value.encode()


def number(value):
    return b"J" + struct.pack("<i", value)


def numbers(values):
    return b"(" + b"".join(map(number, values)) + b"t"


def state(shapes):
    """Pickles tensors of these shapes that are all one number: a view with strides of zero."""
    out = b"ccollections\nOrderedDict\n)R("
    for name, shape in shapes.items():
        storage = b"(" + text("storage") + b"ctorch\nFloatStorage\n" + text("0") + text("cpu") + number(1) + b"NtQ"
        view = storage + number(0) + numbers(shape) + numbers([0] * len(shape)) + b"\x89ccollections\nOrderedDict\n)Rt"
        out += text(name) + b"ctorch._utils\n_rebuild_tensor_v2\n(" + view + b"R"
    return out + b"u}b"


def torch_file(state):
    head = [MAGIC, 1001, {"protocol_version": 1001, "little_endian": True, "type_sizes": {"int": 4}}]
    parts = [pickle.dumps(part, 2) for part in head] + [b"\x80\x02" + state + b".", pickle.dumps(["0"], 2)]
    return b"".join(parts) + struct.pack("<qf", 1, 0.5)


def pnet():
    shapes = {}
    for name, to, come, side in [("1", 10, 3, 3), ("2", 16, 10, 3), ("3", 32, 16, 3), ("4_1", 2, 32, 1), ("4_2", 4, 32, 1)]:
        shapes |= {f"conv{name}.weight": [to, come, side, side], f"conv{name}.bias": [to]}
        if "_" not in name:
            shapes[f"prelu{name}.weight"] = [to]
    return torch_file(state(shapes))


def ge2e():
    shapes = {"linear.weight": [256, 256], "linear.bias": [256]}
    for layer in range(3):
        shapes |= {f"lstm.weight_ih_l{layer}": [1024, 256 if layer else 40], f"lstm.weight_hh_l{layer}": [1024, 256]}
        shapes |= {f"lstm.bias_{kind}_l{layer}": [1024] for kind in ("ih", "hh")}
    inner = b"}(" + text("step") + b"K\x01" + text("model_state") + state(shapes) + b"u"
    return torch_file(inner)


def manifest():
    shapes, come = {}, 3
    for block, to in enumerate([32, 64, 128, 256]):
        for layer in range(4):
            name = f"dense{block}/conv{layer}"
            if block == layer == 0:
                shapes[f"{name}/filters"] = [3, 3, come, to]
            else:
                shapes |= {f"{name}/depthwise_filter": [3, 3, come, 1], f"{name}/pointwise_filter": [1, 1, come, to]}
            shapes[f"{name}/bias"], come = [to], to
    shapes |= {"fc/weights": [256, 136], "fc/bias": [136]}
    quantised = {"dtype": "uint8", "scale": 0.5, "min": -1.0}
    weights = [{"name": n, "shape": s, "dtype": "float32", "quantization": quantised} for n, s in shapes.items()]
    return json.dumps([{"paths": ["face_landmark_68_model.bin"], "weights": weights}]).encode()


def small():
    weights = [{"name": "dense0/conv0/filters", "shape": [2], "dtype": "float32"}, {"name": "n", "shape": [], "dtype": "int32"}]
    group = [{"paths": ["face_landmark_68_model.bin"], "weights": weights}]
    return json.dumps(group).encode() + b"\0" + bytes(range(12))


seeds = {"torch": {"pnet": pnet(), "ge2e": ge2e()}, "tfjs": {"manifest": manifest(), "small": small()}}
for target, files in seeds.items():
    folder = pathlib.Path(sys.argv[1]) / target
    folder.mkdir(parents=True, exist_ok=True)
    for name, contents in files.items():
        (folder / name).write_bytes(contents)
