"""Containers: bytes of a capture file become batches of frames.

``find`` opens what the user named and orders it in time; each ``Capture`` then gives its frames in
batches (FRAMES beside a buffer of bytes), in constant memory whatever the file's size.
"""
