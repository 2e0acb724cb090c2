"""What a program of your own needs of cdktf itself.

Taken from here instead of from cdktf, imports are quick, Node 20 keeps quiet about its age, and a
move to cdktf's fork is not your edit.
"""

from gtc_constructs._bindings import App, LocalBackend, TerraformOutput, TerraformStack
from gtc_constructs.base import synthesise

__all__ = ["App", "LocalBackend", "TerraformOutput", "TerraformStack", "synthesise"]
