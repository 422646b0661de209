"""Independent reference for src/infer, with OpenCV and onnxruntime: faces of pictures, verification of identities.

    python3 tests/reference/reference.py faces  MODELS MEDIA > tests/reference/group_faces.json
    python3 tests/reference/reference.py verify MODELS MEDIA

`verify` prints what src/infer/tests_reference.rs expects. Aligns straight from the picture to the embedder's template.
"""

import json
import sys
from pathlib import Path

import cv2
import numpy as np
import onnxruntime

ARCFACE = np.array([[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]])
ZOO = 128 * np.array([[0.31556875, 0.46157410], [0.68262291, 0.46157410], [0.50026249, 0.64050537],
                      [0.34947187, 0.82469195], [0.65343646, 0.82469195]])
DLIB = np.array([[47.55, 46.60], [100.48, 46.60], [74.01, 76.56], [50.41, 103.02], [97.61, 103.02]])
EMBEDDERS = {
    "mobilefacenet_arcface_128": (ARCFACE, 112, lambda bgr: (bgr[..., ::-1] - 127.5) / 128),
    "face_reid_retail_0095": (ZOO, 128, lambda bgr: bgr),
    "dlib_face_128_u8": (DLIB, 150, lambda bgr: (bgr[..., ::-1] - np.float32([122.782, 117.001, 104.298])) / 256),
}


def session(models, name):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    net = onnxruntime.InferenceSession(str(Path(models) / f"{name}.onnx"), options, providers=["CPUExecutionProvider"])
    return lambda planes: net.run(None, {net.get_inputs()[0].name: np.ascontiguousarray(planes, np.float32)})


def grid(width, height, stride):
    y, x = np.mgrid[: -(-height // stride), : -(-width // stride)]
    return np.stack([x, y], -1).reshape(-1, 2).astype(np.float32)


def scrfd(outputs, width, height):
    for i, s in enumerate((8, 16, 32)):
        p = np.repeat(grid(width, height, s) * s, 2, axis=0)
        score, box, points = (outputs[i + j].reshape(len(p), -1) for j in (0, 3, 6))
        yield score[:, 0], np.hstack([p - box[:, :2] * s, p + box[:, 2:] * s]), np.tile(p, 5) + points * s


def yunet(outputs, width, height):
    for i, s in enumerate((8, 16, 32)):
        p = grid(width, height, s)
        cls, obj, box, points = (outputs[i + j].reshape(len(p), -1) for j in (0, 3, 6, 9))
        centre, half = (p + box[:, :2]) * s, np.exp(box[:, 2:]) * s / 2
        yield np.sqrt(cls * obj)[:, 0], np.hstack([centre - half, centre + half]), (np.tile(p, 5) + points) * s


def retinaface(outputs, width, height):
    p, side = [], []
    for s, sides in ((8, (16, 32)), (16, (64, 128)), (32, (256, 512))):
        cells = (grid(width, height, s) + 0.5) * s
        p.append(np.repeat(cells, 2, axis=0))
        side.append(np.tile(np.float32(sides), len(cells)))
    p, side = np.concatenate(p), np.concatenate(side)[:, None]
    box, score, points = (o[0] for o in outputs)
    centre, half = p + box[:, :2] * 0.1 * side, side * np.exp(box[:, 2:] * 0.2) / 2
    yield score[:, 1], np.hstack([centre - half, centre + half]), np.tile(p, 5) + points * 0.1 * side


DETECTORS = {
    "scrfd_2.5g_kps_dyn": (scrfd, 0.5, 0.4, lambda bgr: (bgr[..., ::-1] - 127.5) / 128),
    "yunet_n_dynamic": (yunet, 0.6, 0.3, lambda bgr: bgr),
    "retinaface_mnet025": (retinaface, 0.5, 0.4, lambda bgr: bgr - np.float32([104, 117, 123])),
}


def detector(models, name, width=640, height=640):
    decode, threshold, overlap, normalise = DETECTORS[name]
    net = session(models, name)

    def detect(image):
        h, w = image.shape[:2]
        scale = min(width / w, height / h)
        fit = (int(w * scale + 0.5), int(h * scale + 0.5))
        canvas = np.zeros((height, width, 3), np.float32)
        canvas[: fit[1], : fit[0]] = cv2.resize(image, fit, interpolation=cv2.INTER_LINEAR)
        levels = list(decode(net(normalise(canvas).transpose(2, 0, 1)[None]), width, height))
        score, box, points = (np.concatenate([level[i] for level in levels]) for i in range(3))
        keep = score >= threshold
        score, box, points = score[keep], box[keep], points[keep]
        order, chosen = np.argsort(-score, kind="stable"), []
        while len(order):
            best, order = order[0], order[1:]
            chosen.append(best)
            sides = np.minimum(box[order, 2:], box[best, 2:]) - np.maximum(box[order, :2], box[best, :2])
            common = sides.clip(0).prod(1)
            area = (box[:, 2:] - box[:, :2]).prod(1)
            order = order[common / (area[order] + area[best] - common) <= overlap]
        back = np.array([w / fit[0], h / fit[1]])
        return score[chosen], box[chosen] * np.tile(back, 2), points[chosen] * np.tile(back, 5)

    return detect


def align(image, points, template, side):
    source = points.reshape(5, 2)
    sm, tm = source.mean(0), template.mean(0)
    u, d, vt = np.linalg.svd((template - tm).T @ (source - sm) / 5)
    sign = np.array([1, np.sign(np.linalg.det(u @ vt))])
    rotation = u @ np.diag(sign) @ vt
    scale = (d * sign).sum() / (source - sm).var(0).sum()
    matrix = np.hstack([scale * rotation, (tm - scale * rotation @ sm)[:, None]])
    return cv2.warpAffine(image, matrix, (side, side), flags=cv2.INTER_LINEAR)


def figures(vectors, people):
    """All pairs: accuracy at the best cosine, 10-fold accuracy (pair i in fold i mod 10), TAR at FAR 1e-3; all in %."""
    a, b = np.triu_indices(len(people), 1)
    cosine = (vectors[a] * vectors[b]).sum(1)
    same = np.array(people)[a] == np.array(people)[b]

    def best(cosine, same):
        order = np.argsort(-cosine, kind="stable")
        right = np.concatenate([[0], np.cumsum(np.where(same[order], 1, -1))]) + (~same).sum()
        i = right.argmax()
        return right[i] / len(same), np.inf if i == 0 else cosine[order[i - 1]]

    fold, hits = np.arange(len(same)) % 10, []
    for k in range(10):
        threshold = best(cosine[fold != k], same[fold != k])[1]
        hits.append(((cosine[fold == k] >= threshold) == same[fold == k]).mean())
    other = np.sort(cosine[~same])[::-1]
    limit = other[int(len(other) * 1e-3)]
    accuracy, threshold = best(cosine, same)
    tar = (cosine[same] > limit).mean()
    return {"pairs": len(same), "same": int(same.sum()), "accuracy": round(100 * accuracy, 3), "threshold": round(float(threshold), 4),
            "ten_fold": round(100 * float(np.mean(hits)), 3), "tar_at_far_1e-3": round(100 * float(tar), 3)}


def main(task, models, media):
    cv2.setNumThreads(1)
    if task == "faces":
        result = {}
        for name in DETECTORS:
            detect = detector(models, name)
            for path in sorted(Path(media, "groups").glob("*.jpg")):
                score, box, points = detect(cv2.imread(str(path)))
                faces = [[round(float(v), 3) for v in np.hstack(face)] for face in zip(score, box, points)]
                result.setdefault(name, {})[path.name] = faces
        print("{\n" + ",\n".join(f"{json.dumps(n)}: {json.dumps(f)}" for n, f in result.items()) + "\n}")
        return
    detect, faces, people = detector(models, "scrfd_2.5g_kps_dyn"), [], []
    for path in sorted(Path(media, "identities").glob("*/*.jpg")):
        image = cv2.imread(str(path))
        score, _, points = detect(image)
        if len(score):
            faces.append((image, points[0]))
            people.append(path.parent.name)
    for name, (template, side, normalise) in EMBEDDERS.items():
        net = session(models, name)
        crops = (normalise(align(*face, template, side).astype(np.float32)).transpose(2, 0, 1)[None] for face in faces)
        vectors = np.concatenate([net(crop)[0] for crop in crops])
        print(name, json.dumps(figures(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), people)))


if __name__ == "__main__":
    main(*sys.argv[1:])
