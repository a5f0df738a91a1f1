"""`spatialclaw demo`: the main job, before the user's eyes, checked against known truth."""
