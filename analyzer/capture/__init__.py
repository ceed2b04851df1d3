"""Containers: bytes of a capture file become batches of frames."""
