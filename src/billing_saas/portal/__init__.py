"""What a patient may see and do: sign-in by link and code, levels, sessions."""
