"""Proof trees and their walk, the same for all statements that are proved by trees."""
