"""The sums of a home's days: what they are, how they are kept, and how it is known that they still hold."""
