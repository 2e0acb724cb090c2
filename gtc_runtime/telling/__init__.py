"""What is told of the figures: claims with their before and after, and the one sentence of now.

The last room before the view. It reads what others have measured and changes nothing.
"""
