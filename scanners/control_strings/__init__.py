"""Markup of chats in text that is none."""
