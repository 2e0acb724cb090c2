"""Pages on white paper that stand alone: their style, and drawings as inline SVG."""
