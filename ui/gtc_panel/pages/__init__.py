"""The pages of the panel, one file each."""
