"""Coursecrew in Open edX: tables, ports and the blocks' common ground."""
