// Passkeys need a script: the browser makes or uses the key, and the form carries what it says.
"use strict";

const ready =
  window.PublicKeyCredential &&
  PublicKeyCredential.parseCreationOptionsFromJSON &&
  PublicKeyCredential.parseRequestOptionsFromJSON;

async function ask(form) {
  const token = form.elements.token.value;
  const answer = await fetch(form.dataset.options, {
    method: "POST",
    body: new URLSearchParams({ token }),
  });
  if (!answer.ok) throw new Error("refused");
  const told = await answer.json();
  const made =
    form.dataset.passkey === "create"
      ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(told) })
      : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(told) });
  form.elements.answer.value = JSON.stringify(made.toJSON());
}

for (const form of ready ? document.querySelectorAll("form[data-passkey]") : []) {
  form.hidden = false;
  form.closest("[data-needs-passkeys]")?.removeAttribute("hidden");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const fault = form.querySelector(".fault");
    fault.hidden = true;
    try {
      await ask(form);
      form.submit();
    } catch {
      fault.textContent = "The passkey was not used. Try again.";
      fault.hidden = false;
    }
  });
}
