"""What is asked: prompts of the workloads (`makers`), or of one's own in their place (`chosen`).

Texts of a wanted length that share no prefix with each other, made before they are due. It must not
know when a prompt is sent, nor over what.
"""
