/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-fuzz"

#include "config.h"

#include "base/wherry-error.h"
#include "cli/doctor/wherry-stun-message.h"
#include "fuzz/fuzz.h"

static const guint16 attributes[] = {
  WHERRY_STUN_MAPPED_ADDRESS,
  WHERRY_STUN_USERNAME,
  WHERRY_STUN_MESSAGE_INTEGRITY,
  WHERRY_STUN_ERROR_CODE,
  WHERRY_STUN_LIFETIME,
  WHERRY_STUN_REALM,
  WHERRY_STUN_NONCE,
  WHERRY_STUN_XOR_RELAYED_ADDRESS,
  WHERRY_STUN_XOR_MAPPED_ADDRESS,
  WHERRY_STUN_ALTERNATE_SERVER,
  WHERRY_STUN_SOFTWARE,
  WHERRY_STUN_PASSWORD_ALGORITHMS,
  WHERRY_STUN_FINGERPRINT,
  WHERRY_STUN_MESSAGE_INTEGRITY_SHA256,
};

/* Every getter stays within the message, and says text as UTF-8 only. */
static void
check_attribute (const WherryStunMessage *message, guint16 attribute)
{
  g_autofree char *text = wherry_stun_message_get_text (message, attribute);
  g_autoptr (GSocketAddress) address = wherry_stun_message_get_address (message, attribute);
  gsize n = 0;
  const guint8 *value = wherry_stun_message_find (message, attribute, &n);
  guint32 number;

  g_assert_true ((text == NULL) == (value == NULL));
  if (text != NULL)
    g_assert_true (g_utf8_validate (text, -1, NULL));
  if (value != NULL)
    {
      g_assert_true (value >= message->bytes + WHERRY_STUN_HEADER_SIZE);
      g_assert_true (value + n <= message->bytes + message->length);
    }
  g_assert_true (address == NULL || value != NULL);
  g_assert_true (!wherry_stun_message_get_u32 (message, attribute, &number) || n == 4);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree guint8 *exact = g_memdup2 (data, size);
  g_autoptr (GBytes) key = g_bytes_new_static ("VOkJxbRl1RmTxUk/WvJxBt", 22);
  g_autoptr (GError) error = NULL;
  g_autofree char *reason = NULL;
  WherryStunMessage message;
  guint code;

  if (!wherry_stun_message_parse (&message, exact, size, &error))
    {
      g_assert_true (error->domain == WHERRY_ERROR);
      return 0;
    }
  g_assert_cmpuint (message.length, ==, size);
  g_assert_cmpuint (wherry_stun_message_length (exact, size), ==, size);
  for (guint i = 0; i < G_N_ELEMENTS (attributes); i++)
    check_attribute (&message, attributes[i]);
  code = wherry_stun_message_get_error (&message, &reason);
  g_assert_true (code == 0 || (code >= 300 && code <= 699 && reason != NULL));
  wherry_stun_message_check_integrity (&message, G_CHECKSUM_SHA1, key);
  wherry_stun_message_check_integrity (&message, G_CHECKSUM_SHA256, key);
  wherry_stun_message_check_fingerprint (&message);
  return 0;
}
