"""What was measured: a tally for each key and second, histograms that merge, a snapshot every tick.

The load process records, its parent adds up; both by addition alone, so that nothing is lost and
nothing counted twice. It must not know how a request travels, nor who reads the figures.
"""
