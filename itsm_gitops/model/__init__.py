"""The record model: identifiers, kinds, life cycles, references. Pure; no input or output."""
