'use strict';

// Makes and uses passkeys. Pages work without it: its forms stay hidden then, and the password remains.
// A form carries the options the service made; what the browser gives goes back in the form's own field.

function credentialOf(form, options) {
  return form.dataset.passkey === 'create'
    ? navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
    : navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
}

async function submitWithPasskey(event) {
  const form = event.currentTarget;
  event.preventDefault();
  const fault = form.querySelector('[role=alert]');
  fault.hidden = true;
  try {
    const credential = await credentialOf(form, JSON.parse(form.dataset.options));
    form.elements.credential.value = JSON.stringify(credential);
    form.submit();
  } catch (error) {
    fault.textContent = error.name === 'InvalidStateError'
      ? 'This device already has a passkey for your account.'
      : 'No passkey was used. Try again, or use your password.';
    fault.hidden = false;
  }
}

if (window.PublicKeyCredential?.parseRequestOptionsFromJSON) {
  for (const form of document.querySelectorAll('form[data-passkey]')) {
    form.addEventListener('submit', submitWithPasskey);
    form.hidden = false;
  }
}
