"""The preflight: named questions to a deployed demo, each with what was found and what to do."""
