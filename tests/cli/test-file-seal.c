/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include "cli/file/wherry-file-limits.h"
#include "cli/file/wherry-file-seal.h"
#include "cli/file/wherry-file-wire.h"

/* The numbers of data/docs/files.md, section 7, which other programs are tested with too. */
#define CODE "acid-acorn-knight-knock-zipper-zodiac-bone"

static guint8 receiver_nonce[WHERRY_FILE_NONCE_SIZE], sender_nonce[WHERRY_FILE_NONCE_SIZE];
static WherryFileSecret secret;

static void
assert_hex (const void *data, gsize length, const char *expected)
{
  g_autoptr (GString) hex = g_string_new (NULL);

  for (gsize i = 0; i < length; i++)
    g_string_append_printf (hex, "%02x", ((const guint8 *) data)[i]);
  g_assert_cmpstr (hex->str, ==, expected);
}

static void
assert_bytes (GBytes *bytes, const char *expected)
{
  assert_hex (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), expected);
}

static WherryFileSeal *
make (gboolean is_sender)
{
  g_autoptr (GError) error = NULL;
  WherryFileSeal *seal
      = wherry_file_seal_new (&secret, receiver_nonce, sender_nonce, is_sender, &error);

  g_assert_no_error (error);
  return seal;
}

static GBytes *
close_text (WherryFileSeal *seal, const char *text)
{
  g_autoptr (GBytes) plain = g_bytes_new (text, strlen (text));

  return wherry_file_seal_close (seal, plain);
}

static void
test_numbers (void)
{
  static const guint8 ready[] = { 0, 5, 0x40, 0, 0, 0, 0 }, done[] = { 0, 1, 0x26 };
  guint8 proof[WHERRY_FILE_PROOF_SIZE];
  g_autoptr (WherryFileSeal) sender = make (TRUE);
  g_autoptr (WherryFileSeal) receiver = make (FALSE);
  g_autoptr (GBytes) ready_bytes = g_bytes_new_static (ready, sizeof ready);
  g_autoptr (GBytes) done_bytes = g_bytes_new_static (done, sizeof done);
  g_autoptr (GBytes) first = NULL;
  g_autoptr (GBytes) sealed_ready = wherry_file_seal_close (receiver, ready_bytes);
  g_autoptr (GBytes) sealed_done = NULL;

  assert_hex (secret.key, sizeof secret.key,
              "d9304105b9ae724c72f4e4e3cbc17607df5f11b6602dbacf73e5754200c4b01b");
  g_assert_cmpstr (secret.room, ==, "file-f2ae61bd259c8c1ed90d");
  wherry_file_secret_prove_hello (&secret, receiver_nonce, proof);
  assert_hex (proof, sizeof proof,
              "cfb5052cb33f395d60533624773b6e76c260ef581300b466dec965a7fa490f97");
  wherry_file_secret_prove_welcome (&secret, receiver_nonce, sender_nonce, proof);
  assert_hex (proof, sizeof proof,
              "8d1fb0adb223214c751e142d8c4a0d21bf7a1ed335fdcec33105f55c3b55f9d1");
  assert_bytes (sealed_ready, "100c3b807fac8212010d936644b6af6144747cd5f2c719d73fb3072c0fdd3ab5");
  first = wherry_file_seal_close (sender, ready_bytes);
  sealed_done = wherry_file_seal_close (sender, done_bytes);
  assert_bytes (sealed_done, "100c3b807fac821201b8b84cf50d2645fdeb335c539b7aa5ca10f836");
}

static void
test_there_and_back (void)
{
  g_autoptr (WherryFileSeal) sender = make (TRUE);
  g_autoptr (WherryFileSeal) receiver = make (FALSE);

  for (guint i = 0; i < 300; i++)
    {
      g_autofree char *text = g_strnfill (i * 100, 'x');
      g_autoptr (GBytes) sealed = close_text (sender, text);
      g_autoptr (GBytes) opened = wherry_file_seal_open (receiver, sealed);

      g_assert_nonnull (opened);
      g_assert_cmpmem (g_bytes_get_data (opened, NULL), g_bytes_get_size (opened), text,
                       strlen (text));
    }
}

/* Every bit, every length: nothing but the message itself is opened. */
static void
test_changed (void)
{
  g_autoptr (WherryFileSeal) sender = make (TRUE);
  g_autoptr (GBytes) sealed = close_text (sender, "hello");
  gsize length;
  const guint8 *data = g_bytes_get_data (sealed, &length);

  for (gsize i = 0; i < length * 8; i++)
    {
      g_autoptr (WherryFileSeal) receiver = make (FALSE);
      guint8 *copy = g_memdup2 (data, length);
      g_autoptr (GBytes) changed = NULL;

      copy[i / 8] ^= (guint8) (1 << i % 8);
      changed = g_bytes_new_take (copy, length);
      g_assert_null (wherry_file_seal_open (receiver, changed));
    }
  for (gsize n = 0; n < length; n++)
    {
      g_autoptr (WherryFileSeal) receiver = make (FALSE);
      g_autoptr (GBytes) cut = g_bytes_new (data, n);

      g_assert_null (wherry_file_seal_open (receiver, cut));
    }
}

static void
test_order (void)
{
  g_autoptr (WherryFileSeal) sender = make (TRUE);
  g_autoptr (WherryFileSeal) receiver = make (FALSE);
  g_autoptr (GBytes) first = close_text (sender, "first");
  g_autoptr (GBytes) second = close_text (sender, "second");
  g_autoptr (GBytes) opened = NULL;

  g_assert_null (wherry_file_seal_open (receiver, second));
  opened = wherry_file_seal_open (receiver, first);
  g_assert_nonnull (opened);
  g_assert_null (wherry_file_seal_open (receiver, first));
  /* nor does one's own come back as the other's */
  g_assert_null (wherry_file_seal_open (sender, second));
}

static void
test_other_secrets (void)
{
  g_autoptr (WherryFileSeal) sender = make (TRUE);
  g_autoptr (GBytes) sealed = close_text (sender, "hello");
  g_autoptr (WherryFileSeal) other = NULL;
  guint8 nonce[WHERRY_FILE_NONCE_SIZE] = { 1 };

  other = wherry_file_seal_new (&secret, receiver_nonce, nonce, FALSE, NULL);
  g_assert_false (wherry_file_seal_is_for (other, sealed));
  g_assert_null (wherry_file_seal_open (other, sealed));
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;

  g_test_init (&argc, &argv, NULL);
  for (guint8 i = 0; i < WHERRY_FILE_NONCE_SIZE; i++)
    {
      receiver_nonce[i] = i;
      sender_nonce[i] = WHERRY_FILE_NONCE_SIZE + i;
    }
  wherry_file_secret_derive (&secret, CODE, &error);
  g_assert_no_error (error);
  g_test_add_func ("/file-seal/numbers-of-the-document", test_numbers);
  g_test_add_func ("/file-seal/there-and-back", test_there_and_back);
  g_test_add_func ("/file-seal/changed", test_changed);
  g_test_add_func ("/file-seal/order", test_order);
  g_test_add_func ("/file-seal/other-secrets", test_other_secrets);
  return g_test_run ();
}
