"""The people: Alice bills for Elm; Mallory works for Oak."""
