"""The checkpoint's way: HuggingFace, bucket, share; every byte verified, the marker last."""
