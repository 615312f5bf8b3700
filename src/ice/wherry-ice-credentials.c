/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-ice"

#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "base/wherry-error.h"
#include "ice/wherry-ice-credentials.h"

/* RFC 8839 section 5.4 */
#define UFRAG_MIN 4u
#define PWD_MIN 22u
#define CREDENTIAL_MAX 256u

/* RFC 8445 section 5.3: at least 24 and 128 bits of randomness; a character has 6. */
#define UFRAG_LENGTH 8u
#define PWD_LENGTH 24u

static char *
random_text (guint length)
{
  static const char ice_chars[]
      = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  char *text = g_malloc (length + 1);
  ssize_t got;

  /* Up to 256 bytes come whole, and fail only before the system has collected any randomness. */
  do
    got = getrandom (text, length, 0);
  while (got < 0 && errno == EINTR);
  g_assert (got == (ssize_t) length);
  for (guint i = 0; i < length; i++)
    text[i] = ice_chars[(guint8) text[i] % (sizeof ice_chars - 1)];
  text[length] = '\0';
  return text;
}

void
wherry_ice_credentials_generate (WherryIceCredentials *self)
{
  wherry_ice_credentials_clear (self);
  self->ufrag = random_text (UFRAG_LENGTH);
  self->pwd = random_text (PWD_LENGTH);
}

void
wherry_ice_credentials_clear (WherryIceCredentials *self)
{
  g_clear_pointer (&self->ufrag, g_free);
  g_clear_pointer (&self->pwd, g_free);
}

/* ice-char = ALPHA / DIGIT / "+" / "/" */
static gboolean
is_credential (const char *text, gsize min)
{
  gsize length = text != NULL ? strlen (text) : 0;

  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isalnum (text[i]) && text[i] != '+' && text[i] != '/')
      return FALSE;
  return length >= min && length <= CREDENTIAL_MAX;
}

gboolean
wherry_ice_credentials_check (const char *ufrag, const char *pwd, GError **error)
{
  if (is_credential (ufrag, UFRAG_MIN) && is_credential (pwd, PWD_MIN))
    return TRUE;
  g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL,
                       "ice-ufrag must have 4 to 256 ice-chars, ice-pwd 22 to 256");
  return FALSE;
}
