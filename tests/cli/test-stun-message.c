/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "base/wherry-error.h"
#include "cli/doctor/wherry-stun-message.h"

/* The test vectors of RFC 5769, sections 2.1 to 2.3. */
#define PASSWORD "VOkJxbRl1RmTxUk/WvJxBt"
static const guint8 request[]
    = { 0x00, 0x01, 0x00, 0x58, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34,
        0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae, 0x80, 0x22, 0x00, 0x10, 0x53, 0x54, 0x55, 0x4e,
        0x20, 0x74, 0x65, 0x73, 0x74, 0x20, 0x63, 0x6c, 0x69, 0x65, 0x6e, 0x74, 0x00, 0x24,
        0x00, 0x04, 0x6e, 0x00, 0x01, 0xff, 0x80, 0x29, 0x00, 0x08, 0x93, 0x2f, 0xf9, 0xb1,
        0x51, 0x26, 0x3b, 0x36, 0x00, 0x06, 0x00, 0x09, 0x65, 0x76, 0x74, 0x6a, 0x3a, 0x68,
        0x36, 0x76, 0x59, 0x20, 0x20, 0x20, 0x00, 0x08, 0x00, 0x14, 0x9a, 0xea, 0xa7, 0x0c,
        0xbf, 0xd8, 0xcb, 0x56, 0x78, 0x1e, 0xf2, 0xb5, 0xb2, 0xd3, 0xf2, 0x49, 0xc1, 0xb5,
        0x71, 0xa2, 0x80, 0x28, 0x00, 0x04, 0xe5, 0x7a, 0x3b, 0xcf };
static const guint8 answer_ipv4[]
    = { 0x01, 0x01, 0x00, 0x3c, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34,
        0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae, 0x80, 0x22, 0x00, 0x0b, 0x74, 0x65, 0x73, 0x74,
        0x20, 0x76, 0x65, 0x63, 0x74, 0x6f, 0x72, 0x20, 0x00, 0x20, 0x00, 0x08, 0x00, 0x01,
        0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43, 0x00, 0x08, 0x00, 0x14, 0x2b, 0x91, 0xf5, 0x99,
        0xfd, 0x9e, 0x90, 0xc3, 0x8c, 0x74, 0x89, 0xf9, 0x2a, 0xf9, 0xba, 0x53, 0xf0, 0x6b,
        0xe7, 0xd7, 0x80, 0x28, 0x00, 0x04, 0xc0, 0x7d, 0x4c, 0x96 };
static const guint8 answer_ipv6[]
    = { 0x01, 0x01, 0x00, 0x48, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34,
        0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae, 0x80, 0x22, 0x00, 0x0b, 0x74, 0x65, 0x73, 0x74,
        0x20, 0x76, 0x65, 0x63, 0x74, 0x6f, 0x72, 0x20, 0x00, 0x20, 0x00, 0x14, 0x00, 0x02,
        0xa1, 0x47, 0x01, 0x13, 0xa9, 0xfa, 0xa5, 0xd3, 0xf1, 0x79, 0xbc, 0x25, 0xf4, 0xb5,
        0xbe, 0xd2, 0xb9, 0xd9, 0x00, 0x08, 0x00, 0x14, 0xa3, 0x82, 0x95, 0x4e, 0x4b, 0xe6,
        0x7b, 0xf1, 0x17, 0x84, 0xc9, 0x7c, 0x82, 0x92, 0xc2, 0x75, 0xbf, 0xe3, 0xed, 0x41,
        0x80, 0x28, 0x00, 0x04, 0xc8, 0xfb, 0x0b, 0x4c };
static const guint8 id[WHERRY_STUN_ID_SIZE]
    = { 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae };

static GBytes *
short_term_key (void)
{
  return g_bytes_new_static (PASSWORD, strlen (PASSWORD));
}

static void
check_sealed (const guint8 *bytes, gsize n)
{
  g_autoptr (GBytes) key = short_term_key ();
  g_autoptr (GBytes) other = g_bytes_new_static ("other", 5);
  g_autofree guint8 *changed = g_memdup2 (bytes, n);
  WherryStunMessage message;
  g_autoptr (GError) error = NULL;

  wherry_stun_message_parse (&message, bytes, n, &error);
  g_assert_no_error (error);
  g_assert_true (wherry_stun_message_check_fingerprint (&message));
  g_assert_true (wherry_stun_message_check_integrity (&message, G_CHECKSUM_SHA1, key));
  g_assert_false (wherry_stun_message_check_integrity (&message, G_CHECKSUM_SHA1, other));
  g_assert_false (wherry_stun_message_check_integrity (&message, G_CHECKSUM_SHA256, key));
  changed[WHERRY_STUN_HEADER_SIZE + 4] ^= 1;
  g_assert_true (wherry_stun_message_parse (&message, changed, n, NULL));
  g_assert_false (wherry_stun_message_check_fingerprint (&message));
  g_assert_false (wherry_stun_message_check_integrity (&message, G_CHECKSUM_SHA1, key));
}

static void
test_vectors (void)
{
  WherryStunMessage message;
  g_autofree char *software = NULL;
  g_autofree char *username = NULL;
  guint32 priority = 0;

  check_sealed (request, sizeof request);
  check_sealed (answer_ipv4, sizeof answer_ipv4);
  check_sealed (answer_ipv6, sizeof answer_ipv6);
  g_assert_true (wherry_stun_message_parse (&message, request, sizeof request, NULL));
  g_assert_cmpuint (message.method, ==, WHERRY_STUN_METHOD_BINDING);
  g_assert_cmpuint (message.class, ==, WHERRY_STUN_CLASS_REQUEST);
  g_assert_cmpmem (message.id, WHERRY_STUN_ID_SIZE, id, sizeof id);
  software = wherry_stun_message_get_text (&message, WHERRY_STUN_SOFTWARE);
  g_assert_cmpstr (software, ==, "STUN test client");
  username = wherry_stun_message_get_text (&message, WHERRY_STUN_USERNAME);
  g_assert_cmpstr (username, ==, "evtj:h6vY");
  g_assert_true (wherry_stun_message_get_u32 (&message, WHERRY_STUN_PRIORITY, &priority));
  g_assert_cmphex (priority, ==, 0x6e0001ff);
}

static void
check_address (const guint8 *bytes, gsize n, const char *expected)
{
  WherryStunMessage message;
  g_autoptr (GSocketAddress) address = NULL;
  g_autofree char *text = NULL;

  g_assert_true (wherry_stun_message_parse (&message, bytes, n, NULL));
  address = wherry_stun_message_get_address (&message, WHERRY_STUN_XOR_MAPPED_ADDRESS);
  g_assert_nonnull (address);
  text = g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (address));
  g_assert_cmpstr (text, ==, expected);
  g_assert_null (wherry_stun_message_get_address (&message, WHERRY_STUN_SOFTWARE));
  g_assert_null (wherry_stun_message_get_address (&message, WHERRY_STUN_XOR_RELAYED_ADDRESS));
}

static void
test_addresses (void)
{
  static const char *const texts[] = { "192.0.2.1", "2001:db8::1" };

  check_address (answer_ipv4, sizeof answer_ipv4, "192.0.2.1:32853");
  check_address (answer_ipv6, sizeof answer_ipv6, "[2001:db8:1234:5678:11:2233:4455:6677]:32853");
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GByteArray) made
          = wherry_stun_write (WHERRY_STUN_METHOD_BINDING, WHERRY_STUN_CLASS_SUCCESS, id);
      g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string (texts[i], 4000);
      g_autofree char *text = g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (address));

      wherry_stun_write_address (made, WHERRY_STUN_XOR_MAPPED_ADDRESS,
                                 G_INET_SOCKET_ADDRESS (address));
      check_address (made->data, made->len, text);
    }
}

/* RFC 8489 section 9.2.2. */
static void
test_long_term_key (void)
{
  g_autoptr (GBytes) md5 = wherry_stun_long_term_key (G_CHECKSUM_MD5, "user", "realm", "pass");
  g_autoptr (GBytes) sha256
      = wherry_stun_long_term_key (G_CHECKSUM_SHA256, "user", "realm", "pass");
  static const guint8 expected[] = { 0x84, 0x93, 0xfb, 0xc5, 0x3b, 0xa5, 0x82, 0xfb,
                                     0x4c, 0x04, 0x4c, 0x45, 0x6b, 0xdc, 0x40, 0xeb };
  gsize n;
  const guint8 *bytes = g_bytes_get_data (md5, &n);

  g_assert_cmpmem (bytes, n, expected, sizeof expected);
  g_assert_cmpuint (g_bytes_get_size (sha256), ==, 32);
}

static void
test_sealing (void)
{
  static const GChecksumType types[] = { G_CHECKSUM_SHA1, G_CHECKSUM_SHA256 };

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    {
      g_autoptr (GByteArray) made
          = wherry_stun_write (WHERRY_STUN_METHOD_ALLOCATE, WHERRY_STUN_CLASS_ERROR, id);
      g_autoptr (GBytes) key = short_term_key ();
      g_autofree char *reason = NULL;
      WherryStunMessage message;

      wherry_stun_write_bytes (made, WHERRY_STUN_ERROR_CODE, "\0\0\4\1No", 6);
      wherry_stun_write_integrity (made, types[i], key);
      wherry_stun_write_fingerprint (made);
      g_assert_true (wherry_stun_message_parse (&message, made->data, made->len, NULL));
      g_assert_cmpuint (message.method, ==, WHERRY_STUN_METHOD_ALLOCATE);
      g_assert_cmpuint (message.class, ==, WHERRY_STUN_CLASS_ERROR);
      g_assert_true (wherry_stun_message_check_integrity (&message, types[i], key));
      g_assert_true (wherry_stun_message_check_fingerprint (&message));
      g_assert_cmpuint (wherry_stun_message_get_error (&message, &reason), ==, 401);
      g_assert_cmpstr (reason, ==, "No");
    }
}

/* Section 14.5: nobody vouches for what stands behind it. */
static void
test_behind_the_seal (void)
{
  g_autoptr (GByteArray) made
      = wherry_stun_write (WHERRY_STUN_METHOD_ALLOCATE, WHERRY_STUN_CLASS_SUCCESS, id);
  g_autoptr (GBytes) key = short_term_key ();
  WherryStunMessage message;
  gsize n;

  wherry_stun_write_integrity (made, G_CHECKSUM_SHA1, key);
  wherry_stun_write_u32 (made, WHERRY_STUN_LIFETIME, 600);
  g_assert_true (wherry_stun_message_parse (&message, made->data, made->len, NULL));
  g_assert_null (wherry_stun_message_find (&message, WHERRY_STUN_LIFETIME, &n));
}

static void
test_prefixes (void)
{
  for (gsize n = 0; n < sizeof request; n++)
    {
      g_autofree guint8 *exact = g_memdup2 (request, n);
      g_autoptr (GError) error = NULL;
      WherryStunMessage message;

      g_assert_false (wherry_stun_message_parse (&message, exact, n, &error));
      g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL);
    }
}

static void
test_stream_lengths (void)
{
  guint8 bytes[sizeof request];

  for (gsize n = 0; n < 8; n++)
    g_assert_cmpuint (wherry_stun_message_length (request, n), ==, 0);
  g_assert_cmpuint (wherry_stun_message_length (request, 8), ==, sizeof request);
  memcpy (bytes, request, sizeof bytes);
  bytes[0] = 'H';
  g_assert_cmpuint (wherry_stun_message_length (bytes, 1), ==, G_MAXSIZE);
  bytes[0] = 0;
  bytes[2] = 0xff;
  g_assert_cmpuint (wherry_stun_message_length (bytes, 8), ==, G_MAXSIZE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/stun-message/rfc-5769", test_vectors);
  g_test_add_func ("/stun-message/addresses", test_addresses);
  g_test_add_func ("/stun-message/long-term-key", test_long_term_key);
  g_test_add_func ("/stun-message/seals", test_sealing);
  g_test_add_func ("/stun-message/nothing-behind-the-seal", test_behind_the_seal);
  g_test_add_func ("/stun-message/refuses-every-prefix", test_prefixes);
  g_test_add_func ("/stun-message/lengths-in-a-stream", test_stream_lengths);
  return g_test_run ();
}
