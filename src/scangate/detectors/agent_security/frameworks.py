"""Names of agent frameworks, as an application may write them and as reports do."""

from __future__ import annotations

from typing import Final

_KNOWN: Final = {
    "AWS_Agent_Builder": ("awsagentbuilder", "awsbedrock", "bedrock", "bedrockagents", "awsbedrockagents", "amazonbedrock"),
    "Microsoft_copilot_studio": ("microsoftcopilotstudio", "copilotstudio", "mscopilotstudio"),
    "GCP_Vertex_AI": ("gcpvertexai", "vertexai", "vertex", "googlevertexai", "gcpvertex"),
    "VoiceFlow": ("voiceflow",),
    "LangGraph": ("langgraph", "langchain"),
    "OpenAI": ("openai", "openaiagents", "openaiagentssdk", "openaiassistants"),
    "Custom": ("custom", "customworkflow", "customworkflows", "other"),
}
_BY_SPELLING: Final = {spelling: name for name, spellings in _KNOWN.items() for spelling in spellings}


def wire_name(framework: str) -> str:
    """The report's name of a known framework, however it was written; any other as it is."""
    return _BY_SPELLING.get("".join(filter(str.isalnum, framework)).lower(), framework)
