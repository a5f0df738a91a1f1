"""
Cells as a vision-language model writes them for the published kernel, written blind.

They were written from the documents of the interface alone, before any look at the code they run
on, and are data: test_published_cells.py runs them, each session in a kernel of its own, in the
world of box_world.py. A cell is changed only where it contradicts the documents.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Published:
    """One session: its cells, what the scripted model says in turn, and what must come out."""

    name: str
    cells: tuple[str, ...]
    expected: float | str
    says: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    #: Absolute, in the unit of the answer.
    tolerance: float = 0.0
    cameras: int = 1


# ------------------------------------------------------------------ how far apart, three cells

GAP_LOCATE = """
import re
import numpy as np

img = InputImages[0]
print("Image:", img.width, img.height, "frame", img.frame_index)

def parse_box(text):
    nums = [int(v) for v in re.findall(r"\\d+", text)]
    if len(nums) < 4:
        return None
    return nums[:4]

boxes_px = {}
for name in ["red crate", "blue carton"]:
    ans = vlm.locate(img, f"Bounding box of the {name}, as x1 y1 x2 y2 in 0-1000.")
    print(name, "->", ans)
    if "Not visible" in ans:
        print("skipping", name)
        continue
    box = parse_box(ans)
    if box is None:
        print("could not parse", ans)
        continue
    boxes_px[name] = tools.Geometry.normalized_to_pixel(box, img.width, img.height)

print(boxes_px)
drawn = tools.Draw.draw_bbox(img, list(boxes_px.values()), colors=["red", "blue"])
show(drawn, label="located boxes")
"""

GAP_SEGMENT = """
# Segment both objects with the boxes of the last step and reconstruct the same frame
segs = {}
for name, box in boxes_px.items():
    try:
        segs[name] = tools.SAM3.segment_image_by_box(img, box, label=name)
    except Exception as e:
        print("segmentation failed for", name, e)

vis = []
for name, seg in segs.items():
    f = seg.frame_indices[0]
    m = seg.get_mask(frame=f, object=0)
    print(name, "frame", f, "mask pixels", int(m.sum()), "labels", seg.labels)
    vis.append(seg.visualize(f))
show(vis, label="masks")

recon = tools.Reconstruct.Reconstruct(img)
print(recon)
print("frames", recon.frame_indices, "scale", recon.metric_scale)
depth = recon.depth[img.frame_index]
print("depth", depth.shape, np.nanmin(depth), np.nanmax(depth))
"""

GAP_ANSWER = """
from scipy.spatial import KDTree

f = recon.frame_indices[0]
conf = recon.points.confidence[f]
world = recon.points[f]

def get_filtered_points(seg, thr=0.3):
    mask = seg.get_mask(frame=f, object=0) & (conf > thr)
    pts = world[mask]
    pts = pts[np.isfinite(pts).all(axis=1)]
    if len(pts) == 0:
        return pts
    med = np.median(pts, axis=0)
    dev = np.linalg.norm(pts - med, axis=1)
    return pts[dev < np.percentile(dev, 99.5) + 1e-6]

a = get_filtered_points(segs["red crate"])
b = get_filtered_points(segs["blue carton"])
print("points", a.shape, b.shape)

bev = recon.render_bev(masks=list(segs.values()), labels=list(segs.keys()), ego_trajectory=True)
show(bev, label="top view")

if len(a) < 10 or len(b) < 10:
    ReturnAnswer("cannot be measured")
else:
    dist, idx = KDTree(a).query(b)
    print("closest", dist.min(), "centroids", np.linalg.norm(a.mean(0) - b.mean(0)))
    ReturnAnswer(dist.min())
"""

# ------------------------------------------------------- which is closer to the camera, two cells

CLOSER_SEE = """
names = ["crate", "carton"]
frame = InputImages[-1]
W, H = frame.size
masks = {}
for n in names:
    answer = vlm.locate(frame, f"Return the bounding box of the {n} as [x1, y1, x2, y2].")
    if answer.strip().lower().startswith("not visible"):
        masks[n] = None
        continue
    vals = [float(v) for v in answer.replace("[", "").replace("]", "").split(",")]
    x1, y1, x2, y2 = tools.Geometry.normalized_to_pixel(vals, W, H)
    # never trust a box blindly
    x1, x2 = sorted((max(0, x1), min(W, x2)))
    y1, y2 = sorted((max(0, y1), min(H, y2)))
    print(n, [round(v) for v in (x1, y1, x2, y2)])
    masks[n] = tools.SAM3.segment_image_by_box(frame, [x1, y1, x2, y2], n)

for n, m in masks.items():
    if m is not None and m.num_objects > 0:
        show(m.visualize(frame.frame_index), label=n)
"""

CLOSER_ANSWER = """
recon = tools.Reconstruct.Reconstruct([frame])
fi = frame.frame_index
cam = recon.extrinsics[fi][:3, 3]
K = recon.intrinsics[fi]
print("camera at", cam, "fx", K["fx"], "cx", K["cx"])

distances = {}
for n in names:
    m = masks.get(n)
    if m is None or m.num_objects == 0:
        print(n, "missing")
        continue
    c = m.get_centroid_3d(recon, frame=fi, object=0)
    if c is None or np.any(np.isnan(c)):
        print(n, "no centroid")
        continue
    distances[n] = tools.Geometry.euclidean_distance(cam, c)

print(distances)
best = min(distances, key=distances.get)
options = {"crate": "A", "carton": "B"}
print("answer", options[best])
ReturnAnswer(options[best])
"""

# -------------------------------------------------------------- an object that is not there

ABSENT = """
imgs = InputImages[:3]
res = tools.SAM3.is_object_exist(list(imgs), "chair")
print(res["exists"], res["counts"])
print(res["summary"])

ans = vlm.locate(imgs[0], "Give the bounding box of the chair.")
print("locate says:", ans)
seen_by_vlm = not ans.startswith("Not visible")

found = 0
for im in imgs:
    try:
        seg = tools.SAM3.segment_image_by_text(im, "chair", confidence_threshold=0.5)
        found += seg.num_objects
        if seg.num_objects:
            show(seg.visualize(im.frame_index))
    except RuntimeError as err:
        print("SAM3 found nothing:", err)

second = vlm.ask_with_thinking(imgs, "Is there a chair in any of these images? Yes or no first.")
print(second)
votes = [any(res["exists"]), seen_by_vlm, found > 0, second.lower().startswith("yes")]
print("votes", votes)
if sum(votes) >= 2:
    ReturnAnswer("Yes")
else:
    ReturnAnswer("No")
"""

# --------------------------------------------------------------------- how the camera moved

MOTION = """
import matplotlib.pyplot as plt

recon = Reconstruct.Reconstruct(frames=InputImages)
idx = recon.frame_indices
positions = np.array([recon.extrinsics[f][:3, 3] for f in idx])
first = recon.extrinsics[idx[0]]
right, down, forward = first[:3, 0], first[:3, 1], first[:3, 2]
up = recon.gravity_direction
flat_forward = forward - np.dot(forward, up) * up
flat_forward = flat_forward / np.linalg.norm(flat_forward)

move = positions[-1] - positions[0]
f_amount = np.dot(move, flat_forward)
r_amount = np.dot(move, right)
print(f"forward {f_amount:.3f} m, right {r_amount:.3f} m, up {np.dot(move, up):.3f} m")

steps = np.linalg.norm(np.diff(positions, axis=0), axis=1)
plot = tools.Graph.plot(steps, x_label="Frame", y_label="step (m)", title="camera steps")
print(plot.description)
show(plot)

plt.figure(figsize=(4, 4))
plt.plot((positions - positions[0]) @ right, (positions - positions[0]) @ flat_forward, "o-")
for k, f in enumerate(idx):
    d = positions[k] - positions[0]
    plt.annotate(str(f), (float(d @ right), float(d @ flat_forward)))
plt.title("camera path")
plt.axis("equal")
plt.grid(True)
plt.show()

if abs(f_amount) >= abs(r_amount):
    result = "forward" if f_amount > 0 else "backward"
else:
    result = "right" if r_amount > 0 else "left"
ReturnAnswer(result)
"""

# -------------------------------------------------------- order from left to right, two cells

ORDER_TRACK = """
masks = tools.SAM3.segment_video_by_text(
    prompts=["crate", "carton"], labels=["crate", "carton"], prompt_frame_idx=0)
print("objects", masks.num_objects, masks.labels, masks.object_ids)
print("frames", masks.frame_indices)

rows = []
for f in masks.frame_indices:
    stack = masks[f]
    assert stack.ndim == 3 and stack.dtype == bool, (stack.shape, stack.dtype)
    for k, label in enumerate(masks.labels):
        m = masks.get_mask(frame=f, object=label)
        if tools.Mask.area(m) == 0:
            continue
        cx, cy = tools.Mask.centroid(m)
        rows.append((f, label, float(cx), float(cy)))
        print(f"frame {f} {label}: ({cx:.0f}, {cy:.0f}) box {tools.Mask.bounding_box(m)}")

show([masks.visualize(f) for f in masks.frame_indices], label="tracked")
"""

ORDER_ANSWER = """
import collections

by_label = collections.defaultdict(list)
for f, label, cx, cy in rows:
    by_label[label].append(cx)

mean_x = {label: np.mean(v) for label, v in by_label.items()}
order = sorted(mean_x, key=mean_x.get)
print("left to right:", order, mean_x)

# cross-check with 3D: project on the right axis of each camera
recon = tools.Reconstruct.Reconstruct(InputImages)
agree = 0
for f in recon.frame_indices:
    if f not in masks.frame_indices:
        continue
    pose = recon.extrinsics[f]
    side = {}
    for label in masks.labels:
        c = masks.get_centroid_3d(recon, frame=f, object=label, conf_threshold=0.3)
        if np.isnan(c).any():
            continue
        side[label] = np.dot(c - pose[:3, 3], pose[:3, 0])
    if len(side) == 2 and sorted(side, key=side.get) == order:
        agree += 1
print("agreeing frames", agree, "of", recon.num_frames)
show(recon.render_bev(masks=masks, labels=masks.labels, ego_trajectory=True), label="BEV")

options = ["crate, carton", "carton, crate"]
text = ", ".join(order)
ReturnAnswer(text if text in options else options[0])
"""

# ------------------------------------------------------------------- points, two cells

POINT_SEGMENT = """
image = InputImages[0]
w, h = image.width, image.height

def parse_pt(s):
    parts = s.replace(",", " ").replace("(", " ").replace(")", " ").split()
    vals = []
    for p in parts:
        try:
            vals.append(float(p))
        except ValueError:
            pass
    return vals[:2] if len(vals) >= 2 else None

q = "Centre of the {}: x y, both 0-1000. Only two integers."
pt_a = parse_pt(vlm.locate(image, q.format("carton")))
pt_b = parse_pt(vlm.locate(image, q.format("crate")))
print(pt_a, pt_b)

px_a = tools.Geometry.normalized_to_pixel(pt_a, w, h)
px_b = tools.Geometry.normalized_to_pixel(pt_b, w, h)
show(tools.Draw.draw_point(image, [px_a, px_b], colors=["yellow", (0, 255, 0)], radius=6))

# foreground on the carton, background on the crate
seg_a = tools.SAM3.segment_image_by_points(image, [px_a, px_b], [1, 0], label="carton")
seg_b = tools.SAM3.segment_image_by_points(image, [px_b, px_a], [1, 0], label="crate")
for seg in (seg_a, seg_b):
    m = seg.get_mask(seg.frame_indices[0], 0)
    print(seg.labels, m.shape, m.sum())
show(seg_a.visualize(image.frame_index), seg_b.visualize(image.frame_index), label="by points")
"""

POINT_ANSWER = """
fr = seg_a.frame_indices[0]
ma = seg_a.get_mask(frame=fr, object=0)
mb = seg_b.get_mask(frame=fr, object="crate")

overlap = tools.Mask.iou(ma, mb)
both = tools.Mask.intersection(ma, mb)
print("iou", overlap, "shared", both.sum())
print("areas", tools.Mask.area(ma), tools.Mask.area(mb))
ba = tools.Mask.mask_to_bbox(ma)
bb = tools.Mask.mask_to_bbox(mb)
print("boxes", ba, bb)

if overlap > 0.5:
    print("WARNING: both prompts gave the same object")

fig, ax = plt.subplots(1, 2, figsize=(8, 3))
ax[0].imshow(np.array(InputImages[0]))
ax[0].set_title("image")
ax[1].imshow(ma.astype(int) + 2 * mb.astype(int), cmap="viridis")
ax[1].set_title("masks")
plt.tight_layout()
plt.show()

gap_px = bb[0] - ba[2]
print("horizontal gap in pixels", gap_px)
share = gap_px / InputImages[0].width
ReturnAnswer(np.float32(share))
"""

# ---------------------------------------------------------------- projecting a point, one cell

PROJECT = """
src = InputImages[0]
dst = InputImages[2]
recon = tools.Reconstruct.Reconstruct([src, dst])
print("frames", recon.frame_indices)
fs, fd = src.frame_index, dst.frame_index

seg = tools.SAM3.segment_image_by_text(src, "carton", label="carton")
print("n", seg.num_objects, "labels", seg.labels)
center = seg.get_centroid_3d(recon, frame=fs, object=0)
print("centroid in the world", center)

K = recon.intrinsics[fd]
uv = tools.Geometry.project_point_to_camera(
    center, recon.extrinsics[fd], K["fx"], K["fy"], K["cx"], K["cy"])
if uv is None:
    print("behind the camera")
    ReturnAnswer("not visible")
else:
    u, v = uv
    print(f"lands at ({u:.1f}, {v:.1f}) of {dst.width}x{dst.height}")
    inside = 0 <= u < dst.width and 0 <= v < dst.height
    canvas = tools.Draw.draw_point(dst, [[u, v]], colors=["red"], radius=7)
    canvas = tools.Draw.draw_line(canvas, [[0, v, dst.width - 1, v]], colors="white")
    show(canvas, label=f"projected, inside={inside}")
    other = tools.SAM3.segment_image_by_text(dst, "carton").get_mask(frame=fd, object=0)
    hit = bool(other[int(round(v)), int(round(u))]) if inside else False
    print("hits the carton:", hit)
    ReturnAnswer("Yes" if hit else "No")
"""

# ------------------------------------------------------------------- counting, one cell

COUNT = """
candidates = ["crate", "carton", "bicycle", "potted plant"]
total = 0
details = {}
for name in candidates:
    best = 0
    for img in InputImages:
        try:
            seg = tools.SAM3.segment_image_by_text(img, name, confidence_threshold=0.3)
        except Exception as e:
            print("error for", name, type(e).__name__, str(e)[:80])
            continue
        n = 0
        for k in range(seg.num_objects):
            area = seg.get_mask(frame=img.frame_index, object=k).sum()
            if area > 0.0005 * img.width * img.height:
                n += 1
        best = max(best, n)
    details[name] = best
    total += best
    print(f"{name:14s} {best}")

# is every counted instance really a different object?  compare boxes in the first frame
boxes = []
for name, n in details.items():
    if n == 0:
        continue
    seg = tools.SAM3.segment_image_by_text(InputImages[0], name, label=name)
    f = seg.frame_indices[0]
    for k in range(seg.num_objects):
        boxes.append(tools.Mask.bounding_box(seg.get_mask(f, k)))
print("boxes", boxes)
show(tools.Draw.draw_bbox(InputImages[0], boxes, colors="lime", thickness=2), label="counted")
ReturnAnswer(np.int64(total))
"""

# ----------------------------------------------------------------- the ground plane, two cells

GROUND_FIT = """
recon = tools.Reconstruct.Reconstruct(InputImages)
f0 = recon.frame_indices[0]
pts = recon.points[f0].reshape(-1, 3)
conf = recon.points.confidence[f0].reshape(-1)
ok = np.isfinite(pts).all(axis=1)
normal, inliers = tools.Geometry.fit_ground_plane_ransac(pts[ok], conf[ok], conf_threshold=0.3)
if normal is None:
    print("no plane, using gravity")
    normal = recon.gravity_direction
    ground_pts = pts[ok]
else:
    used = pts[ok][conf[ok] > 0.3]
    ground_pts = used[inliers]
    print("inliers", int(inliers.sum()), "of", len(used))

up = recon.gravity_direction
if np.dot(normal, up) < 0:
    normal = -normal
tilt = tools.Geometry.angle_between_vectors(np.asarray(normal), np.asarray(up))
print("normal", normal, "tilt", tilt)

R = tools.Geometry.rotation_matrix_from_vectors(normal, np.array([0.0, 1.0, 0.0]))
T = np.eye(4)
T[:3, :3] = R
leveled = tools.Geometry.transform_points(ground_pts, T)
ground_y = np.median(leveled[:, 1])
print("ground at", ground_y, "spread", leveled[:, 1].std())
"""

GROUND_HEIGHT = """
seg = tools.SAM3.segment_image_by_text(InputImages[0], "carton", label="carton")
if seg.num_objects == 0:
    raise ValueError("carton lost")
obj = seg.get_masked_points(recon, frame=f0, object=0)
print("object points", obj.shape)
obj_l = tools.Geometry.transform_points(np.array(obj), T)
ys = obj_l[:, 1] - ground_y
print("min/median/max above ground", ys.min(), np.median(ys), ys.max())

sub = np.random.choice(len(ground_pts), min(2000, len(ground_pts)), replace=False)
fig = plt.figure(figsize=(5, 5))
plt.scatter(leveled[sub, 0], leveled[sub, 2], s=1, c="gray", label="ground")
plt.scatter(obj_l[::20, 0], obj_l[::20, 2], s=2, c="blue", label="carton")
plt.xlabel("x (m)")
plt.ylabel("z (m)")
plt.legend()
plt.title("levelled top view")
plt.show()

height = np.percentile(ys, 99)
ReturnAnswer(f"{height:.2f}")
"""

# ------------------------------------------------------------ speed from frame times, one cell

SPEED = """
print("video:", Metadata.is_video, "fps", Metadata.fps, "total", Metadata.total_frames,
      "images", Metadata.num_images)
recon = tools.Reconstruct.Reconstruct(InputImages)
indices = list(recon.frame_indices)
pos = {f: recon.extrinsics[f][:3, 3] for f in indices}

times = {f: tools.Time.frame_to_seconds(f) for f in indices}
print("times", times)
span = tools.Time.frame_range_to_seconds(indices[0], indices[-1])
print("span", span, "frame at the end", tools.Time.seconds_to_frame(times[indices[-1]]))

speeds = []
for a, b in zip(indices[:-1], indices[1:]):
    dt = times[b] - times[a]
    if dt <= 0:
        print("bad times", a, b)
        continue
    speeds.append(np.linalg.norm(pos[b] - pos[a]) / dt)
print("speeds", speeds)

graph = tools.Graph.plot(speeds, validity=np.ones(len(speeds), dtype=bool),
                         y_label="m/s", title="camera speed")
show(graph, label="speed")
net = np.linalg.norm(pos[indices[-1]] - pos[indices[0]]) / span
ReturnAnswer(net)
"""

# ------------------------------------------------------------- size by principal axes, one cell

WIDTH = """
from tools.SAM3 import segment_image_by_text

recon = tools.Reconstruct.Reconstruct(InputImages)
up = recon.gravity_direction
widths = []
for f in recon.frame_indices:
    match = [im for im in InputImages if im.frame_index == f]
    if not match:
        continue
    seg = segment_image_by_text(match[0], "crate")
    if seg.num_objects == 0:
        continue
    conf = recon.points.confidence[f]
    m = seg.get_mask(frame=f, object=0)
    # cut the rim: flying pixels at the edge spoil the extent
    inner = ndimage.binary_erosion(m, iterations=2)
    p = recon.points[f][inner & (conf > 0.3)]
    p = p[np.isfinite(p).all(axis=1)]
    print("frame", f, "points", len(p), "of", int(m.sum()))
    right = recon.extrinsics[f][:3, 0]
    right = right - np.dot(right, up) * up
    right /= np.linalg.norm(right)
    s = p @ right
    widths.append(np.percentile(s, 99.5) - np.percentile(s, 0.5))

try:
    from sklearn.decomposition import PCA
    axes = PCA(n_components=3).fit(p).components_
except ImportError:
    axes = np.linalg.svd(p - p.mean(axis=0), full_matrices=False)[2]
print("principal axes", axes.round(2).tolist())
print("widths", widths, "std", np.std(widths))
feedback.show(seg.visualize(f), label="last crate mask")
ReturnAnswer(np.median(widths))
"""

# ---------------------------------------------------------------- missing frames, one cell

FRAMES = """
wanted = [0, 10, 12, 20]
recon = tools.Reconstruct.Reconstruct(InputImages, frame_indices=None)
masks = tools.SAM3.segment_video_by_text(["carton"], labels=["carton"])
print(masks.frame_indices, recon.frame_indices)

usable = []
for f in wanted:
    try:
        d = recon.depth[f]
        m = masks.get_mask(frame=f, object=0)
    except KeyError as e:
        print("frame", f, "not available:", str(e)[:60])
        continue
    usable.append((f, float(np.nanmedian(d[m]))))
print("usable", usable)

common = sorted(set(masks.frame_indices) & set(recon.frame_indices))
depths = {}
for f in common:
    m = masks.get_mask(f, 0)
    d = recon.depth[f]
    good = m & np.isfinite(d) & (recon.points.confidence[f] > 0.1)
    if good.sum() < 20:
        print("too few pixels in frame", f)
        continue
    depths[f] = np.median(d[good])
    print(f, depths[f])

if not depths:
    ReturnAnswer("unknown")
nearest = min(depths, key=lambda k: depths[k])
show(masks.visualize(frame=nearest), label=f"nearest in frame {nearest}")
ReturnAnswer(nearest)
"""

# ----------------------------------------------------- two boxes in one answer, video by box

TWO_BOXES = """
import json
import re

key = InputImages[0]
raw = vlm.locate(key, "Bounding boxes of the crate and of the carton, one per line.")
print(repr(str(raw)))
groups = re.findall(r"\\[\\s*(\\d+)[,\\s]+(\\d+)[,\\s]+(\\d+)[,\\s]+(\\d+)\\s*\\]", raw)
if not groups:
    flat = [int(v) for v in re.findall(r"\\d+", raw)]
    groups = [flat[i:i + 4] for i in range(0, len(flat) - 3, 4)]
boxes = []
for g in groups:
    px = tools.Geometry.normalized_to_pixel([int(v) for v in g], key.width, key.height)
    boxes.append([float(v) for v in px])
print(json.dumps(boxes))

seg = tools.SAM3.segment_video_by_box(
    boxes=boxes, labels=["crate", "carton"], prompt_frame_idx=0,
    start_frame=InputImages[0].frame_index, end_frame=InputImages[-1].frame_index + 1)
print("tracked", seg.num_objects, "objects in", seg.num_frames, "frames")

recon = tools.Reconstruct.Reconstruct(InputImages)
vals = []
for f in seg.frame_indices:
    if f not in recon.frame_indices:
        continue
    a = seg.get_masked_points(recon, frame=f, object=0)
    b = seg.get_masked_points(recon, frame=f, object=1)
    if len(a) == 0 or len(b) == 0:
        print("empty in", f)
        continue
    rng = np.random.default_rng(0)
    a = a[rng.choice(len(a), min(1500, len(a)), replace=False)]
    b = b[rng.choice(len(b), min(1500, len(b)), replace=False)]
    d = scipy.spatial.distance.cdist(a, b).min()
    vals.append(d)
    print(f, round(float(d), 3))
show(recon.render_bev(masks=seg, labels=["crate", "carton"], ref_frame=seg.frame_indices[0]))
answer = np.min(vals)
ReturnAnswer(float(answer))
"""

# --------------------------------------------------------------------- two cameras, one cell

CAMERAS = """
videos = [InputImages_1, InputImages_2]
print("videos", Metadata.num_videos, [len(v) for v in videos])
sides = []
for i, vid in enumerate(videos, start=1):
    img = vid[0]
    ans = vlm.locate(img, "Bounding box of the carton in 0-1000: x1 y1 x2 y2")
    nums = re.findall(r"\\d+", str(ans))
    if len(nums) != 4:
        print("camera", i, "does not see it:", ans)
        continue
    x1, y1, x2, y2 = tools.Geometry.normalized_to_pixel(
        [int(n) for n in nums], img.width, img.height)
    seg = tools.SAM3.segment_image_by_box(img, [x1, y1, x2, y2])
    cx, cy = tools.Mask.centroid(seg.get_mask(seg.frame_indices[0], 0))
    sides.append((i, cx / img.width, seg.frame_indices[0]))
    show(("camera %d" % i, img))
    show(seg.visualize(seg.frame_indices[0]), label="carton, camera %d" % i)

print(sides)
# the camera in which the carton is nearest to the middle of the picture
centred = min(sides, key=lambda s: abs(s[1] - 0.5))
ReturnAnswer("camera %d" % centred[0])
"""


SESSIONS = (
    Published('gap', (GAP_LOCATE, GAP_SEGMENT, GAP_ANSWER), 0.5, tolerance=0.02,
              says=('558 394 711 619', 'The carton is at [198, 419, 366, 619] in this image.')),
    Published('closer', (CLOSER_SEE, CLOSER_ANSWER), 'A', choices=('A', 'B'),
              says=('[562, 435, 736, 688]', '164, 462, 353, 688')),
    Published('absent', (ABSENT,), 'No', choices=('Yes', 'No'),
              says=('Not visible\nThere is no chair here.', 'No, only two boxes on a floor.')),
    Published('motion', (MOTION,), 'forward', choices=('forward', 'backward', 'left', 'right')),
    Published('order', (ORDER_TRACK, ORDER_ANSWER), 'carton, crate',
              choices=('crate, carton', 'carton, crate')),
    # The masks lie 123 pixels apart in a picture of 640.
    Published('points', (POINT_SEGMENT, POINT_ANSWER), 123 / 640, tolerance=0.01,
              says=('(284, 517)', 'x: 630 y: 504')),
    Published('project', (PROJECT,), 'Yes', choices=('Yes', 'No')),
    Published('count', (COUNT,), 2),
    Published('ground', (GROUND_FIT, GROUND_HEIGHT), 0.25, tolerance=0.02),
    # 0.2 m between frames 10 and 20, which are one second apart.
    Published('speed', (SPEED,), 0.2, tolerance=0.01),
    Published('width', (WIDTH,), 0.3, tolerance=0.03),
    Published('frames', (FRAMES,), 20),
    Published('two_boxes', (TWO_BOXES,), 0.5, tolerance=0.05,
              says=('crate: [558, 394, 711, 619]\ncarton: [198, 419, 366, 619]',)),
    Published('cameras', (CAMERAS,), 'camera 1', choices=('camera 1', 'camera 2'), cameras=2,
              says=('198 419 366 619', '59,419,252,619')),
)
