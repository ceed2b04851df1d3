"""Decoders: batches of frames become PACKETS columns."""
