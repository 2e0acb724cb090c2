"""`gtc load run`: the load engine as a tool against any OpenAI-compatible server."""
