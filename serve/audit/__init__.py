"""Audits of finished chats: exports in, tables, alerts and a report out. See README.md in this folder."""
