/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-fuzz"

#include "config.h"

#include <string.h>

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "fuzz/fuzz.h"
#include "signaling/wherry-token-key.h"
#include "wire/wherry-base64url.h"

/* What is taken is written again as it was, holds to its limits, and is signed by nobody. */

static void
check_part (const char *text, gsize length)
{
  gsize n;
  g_autofree guint8 *data = wherry_base64url_decode (text, length, &n);
  g_autofree char *again = NULL;

  g_assert_nonnull (data);
  again = wherry_base64url_encode (data, n);
  g_assert_cmpmem (again, strlen (again), text, length);
}

static void
check_token (WherryToken *token, WherryTokenKey *decoy)
{
  const WherryTokenRules rules = { .now_us = 2000000000 * G_GINT64_CONSTANT (1000000) };
  const char *text = wherry_token_get_text (token);
  gsize length = wherry_token_get_signed_length (token);
  const char *dot = memchr (text, '.', length);
  g_autoptr (GError) error = NULL;
  g_autoptr (WherryGrant) grant = NULL;

  g_assert_nonnull (dot);
  g_assert_cmpint (text[length], ==, '.');
  g_assert_cmpuint (strlen (text), <=, WHERRY_TOKEN_MAX);
  check_part (text, (gsize) (dot - text));
  check_part (dot + 1, length - (gsize) (dot + 1 - text));
  check_part (text + length + 1, strlen (text + length + 1));
  g_assert_false (wherry_token_key_verify (decoy, token));
  grant = wherry_token_to_grant (token, &rules, &error);
  if (grant != NULL)
    g_assert_cmpint (wherry_grant_get_expires_us (grant), >, rules.now_us);
  else
    g_assert_true (error->domain == WHERRY_ERROR);
}

/* A token; or, without dots, a header and claims in JSON with a line feed between, so that
 * mutations come to what is behind the base64url. */
int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  static WherryTokenKey *decoy;
  g_autofree char *text = g_strndup ((const char *) data, size);
  g_autoptr (WherryToken) token = NULL;
  g_autoptr (GError) error = NULL;
  char *claims = strchr (text, '\n');

  if (decoy == NULL)
    decoy = wherry_token_key_new_decoy ();
  if (claims != NULL)
    {
      g_autofree char *first
          = wherry_base64url_encode ((const guint8 *) text, (gsize) (claims - text));
      g_autofree char *second
          = wherry_base64url_encode ((const guint8 *) claims + 1, strlen (claims + 1));

      g_free (text);
      text = g_strconcat (first, ".", second, ".AAAA", NULL);
    }
  token = wherry_token_parse (text, &error);
  if (token != NULL)
    check_token (token, decoy);
  else
    g_assert_true (error->domain == WHERRY_ERROR);
  return 0;
}
