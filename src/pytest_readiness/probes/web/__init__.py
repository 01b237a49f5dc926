"""The service from outside, as clients, browsers and strangers reach it."""
