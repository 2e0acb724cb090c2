"""The hard caps on prompts and answers, laid over the shapes of the workloads."""

from __future__ import annotations

from gtc_spec.serving import LoadLimits, Workloads


def capped(shapes: Workloads, limits: LoadLimits) -> Workloads:
    """The shapes with every token span within the hard caps."""

    def cap(span: tuple[int, int], most: int) -> tuple[int, int]:
        return min(span[0], most), min(span[1], most)

    prompt, answer = limits.prompt_tokens_max, limits.max_tokens_max
    chat, document, question = shapes.chat, shapes.summarization, shapes.reasoning
    return shapes.model_copy(
        update={
            "chat": chat.model_copy(
                update={
                    "context_tokens": cap(chat.context_tokens, prompt),
                    "reply_tokens": cap(chat.reply_tokens, answer),
                }
            ),
            "summarization": document.model_copy(
                update={
                    "prompt_tokens": cap(document.prompt_tokens, prompt),
                    "output_tokens": cap(document.output_tokens, answer),
                }
            ),
            "reasoning": question.model_copy(
                update={
                    "prompt_tokens": cap(question.prompt_tokens, prompt),
                    "output_tokens": cap(question.output_tokens, answer),
                }
            ),
        }
    )
