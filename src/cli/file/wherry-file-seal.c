/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include "cli/file/wherry-file-seal.h"

#include <string.h>

#include <glib/gi18n.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "cli/file/wherry-file-limits.h"
#include "cli/file/wherry-file-wire.h"
#include "lib/wherry.h"

#define LABEL "wherry.file.1"
#define ROUNDS 600000
#define HEAD (1 + WHERRY_FILE_SESSION_SIZE)
#define TAG 16
#define NONCE 12
#define MESSAGES_MAX ((guint64) 1 << 32)

struct _WherryFileSeal
{
  gnutls_aead_cipher_hd_t out, in;
  guint64 sent, taken;
  guint8 head[HEAD];
};

static gnutls_datum_t
datum (const void *data, gsize size)
{
  return (gnutls_datum_t){ .data = (unsigned char *) data, .size = (unsigned int) size };
}

/* HKDF-Expand, RFC 5869 section 2.3 */
static gboolean
expand (const guint8 *key, const char *what, void *out, gsize size)
{
  g_autofree char *label = g_strdup_printf (LABEL " %s", what);
  const gnutls_datum_t prk = datum (key, WHERRY_FILE_KEY_SIZE);
  const gnutls_datum_t info = datum (label, strlen (label));

  return gnutls_hkdf_expand (GNUTLS_MAC_SHA256, &prk, &info, out, size) >= 0;
}

static gboolean
fail (GError **error)
{
  g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_UNSUPPORTED,
                       _ ("GnuTLS does not do what sealing files needs here"));
  return FALSE;
}

gboolean
wherry_file_secret_derive (WherryFileSecret *self, const char *code, GError **error)
{
  const gnutls_datum_t password = datum (code, strlen (code));
  const gnutls_datum_t salt = datum (LABEL, strlen (LABEL));
  guint8 room[10];
  char *digits = self->room;

  if (gnutls_pbkdf2 (GNUTLS_MAC_SHA256, &password, &salt, ROUNDS, self->key, sizeof self->key) < 0
      || !expand (self->key, "proof", self->proof, sizeof self->proof)
      || !expand (self->key, "room", room, sizeof room))
    return fail (error);
  digits = g_stpcpy (digits, "file-");
  for (guint i = 0; i < sizeof room; i++, digits += 2)
    g_snprintf (digits, 3, "%02x", room[i]);
  return TRUE;
}

static void
prove (const WherryFileSecret *self, const char *what, const guint8 *receiver_nonce,
       const guint8 *sender_nonce, guint8 *proof)
{
  g_autoptr (GByteArray) text = g_byte_array_new ();

  g_byte_array_append (text, (const guint8 *) what, strlen (what));
  g_byte_array_append (text, receiver_nonce, WHERRY_FILE_NONCE_SIZE);
  if (sender_nonce != NULL)
    g_byte_array_append (text, sender_nonce, WHERRY_FILE_NONCE_SIZE);
  if (gnutls_hmac_fast (GNUTLS_MAC_SHA256, self->proof, sizeof self->proof, text->data, text->len,
                        proof)
      < 0)
    g_error ("GnuTLS has no HMAC-SHA256"); /* derive() used it */
}

void
wherry_file_secret_prove_hello (const WherryFileSecret *self, const guint8 *receiver_nonce,
                                guint8 *proof)
{
  prove (self, "hello", receiver_nonce, NULL, proof);
}

void
wherry_file_secret_prove_welcome (const WherryFileSecret *self, const guint8 *receiver_nonce,
                                  const guint8 *sender_nonce, guint8 *proof)
{
  prove (self, "welcome", receiver_nonce, sender_nonce, proof);
}

gboolean
wherry_file_proof_equal (const guint8 *a, const guint8 *b)
{
  return gnutls_memcmp (a, b, WHERRY_FILE_PROOF_SIZE) == 0;
}

gboolean
wherry_file_nonce_make (guint8 *nonce, GError **error)
{
  return gnutls_rnd (GNUTLS_RND_NONCE, nonce, WHERRY_FILE_NONCE_SIZE) >= 0 || fail (error);
}

static gboolean
make_cipher (gnutls_aead_cipher_hd_t *cipher, const guint8 *prk, const char *what)
{
  guint8 key[WHERRY_FILE_KEY_SIZE];
  const gnutls_datum_t whole = datum (key, sizeof key);
  gboolean made = expand (prk, what, key, sizeof key)
                  && gnutls_aead_cipher_init (cipher, GNUTLS_CIPHER_AES_256_GCM, &whole) >= 0;

  gnutls_memset (key, 0, sizeof key);
  return made;
}

WherryFileSeal *
wherry_file_seal_new (const WherryFileSecret *secret, const guint8 *receiver_nonce,
                      const guint8 *sender_nonce, gboolean is_sender, GError **error)
{
  g_autoptr (WherryFileSeal) self = g_new0 (WherryFileSeal, 1);
  guint8 both[2 * WHERRY_FILE_NONCE_SIZE], prk[WHERRY_FILE_KEY_SIZE];
  const gnutls_datum_t key = datum (secret->key, sizeof secret->key);
  const gnutls_datum_t salt = datum (both, sizeof both);

  memcpy (both, receiver_nonce, WHERRY_FILE_NONCE_SIZE);
  memcpy (both + WHERRY_FILE_NONCE_SIZE, sender_nonce, WHERRY_FILE_NONCE_SIZE);
  self->head[0] = WHERRY_FILE_GREETING_SEALED;
  if (gnutls_hkdf_extract (GNUTLS_MAC_SHA256, &key, &salt, prk) < 0
      || !expand (prk, "session", self->head + 1, WHERRY_FILE_SESSION_SIZE)
      || !make_cipher (&self->out, prk, is_sender ? "sender" : "receiver")
      || !make_cipher (&self->in, prk, is_sender ? "receiver" : "sender"))
    {
      fail (error);
      return NULL;
    }
  gnutls_memset (prk, 0, sizeof prk);
  return g_steal_pointer (&self);
}

void
wherry_file_seal_free (WherryFileSeal *self)
{
  if (self->out != NULL)
    gnutls_aead_cipher_deinit (self->out);
  if (self->in != NULL)
    gnutls_aead_cipher_deinit (self->in);
  g_free (self);
}

static void
write_nonce (guint8 *nonce, guint64 counter)
{
  guint64 big = GUINT64_TO_BE (counter);

  memset (nonce, 0, NONCE);
  memcpy (nonce + NONCE - sizeof big, &big, sizeof big);
}

GBytes *
wherry_file_seal_close (WherryFileSeal *self, GBytes *record)
{
  gsize length, sealed_length;
  const guint8 *plain = g_bytes_get_data (record, &length);
  g_autofree guint8 *sealed = NULL;
  guint8 nonce[NONCE];

  if (self->sent >= MESSAGES_MAX)
    return NULL;
  write_nonce (nonce, self->sent++);
  sealed = g_malloc (HEAD + length + TAG);
  memcpy (sealed, self->head, HEAD);
  sealed_length = length + TAG;
  if (gnutls_aead_cipher_encrypt (self->out, nonce, sizeof nonce, self->head, HEAD, TAG, plain,
                                  length, sealed + HEAD, &sealed_length)
      < 0)
    return NULL;
  return g_bytes_new_take (g_steal_pointer (&sealed), HEAD + sealed_length);
}

gboolean
wherry_file_seal_is_for (WherryFileSeal *self, GBytes *message)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (message, &length);

  return length >= HEAD && memcmp (data, self->head, HEAD) == 0;
}

GBytes *
wherry_file_seal_open (WherryFileSeal *self, GBytes *message)
{
  gsize length, plain_length;
  const guint8 *data = g_bytes_get_data (message, &length);
  g_autofree guint8 *plain = NULL;
  guint8 nonce[NONCE];

  if (!wherry_file_seal_is_for (self, message) || length < HEAD + TAG
      || length > WHERRY_FILE_BUNDLE_MAX + WHERRY_FILE_SEAL_OVERHEAD || self->taken >= MESSAGES_MAX)
    return NULL;
  write_nonce (nonce, self->taken);
  plain_length = length - HEAD - TAG;
  plain = g_malloc (plain_length + 1);
  if (gnutls_aead_cipher_decrypt (self->in, nonce, sizeof nonce, self->head, HEAD, TAG, data + HEAD,
                                  length - HEAD, plain, &plain_length)
      < 0)
    return NULL;
  self->taken++;
  return g_bytes_new_take (g_steal_pointer (&plain), plain_length);
}
