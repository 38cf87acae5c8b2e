"""Runs of the bot's parts over labelled data, each giving figures with intervals and per-item scores."""
