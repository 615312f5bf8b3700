/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "fixtures/wherry-wait.h"
#include "lib/w3c/channel-pair.h"

/* What RTCSctpTransport-maxMessageSize.html sees, on our transports (RFC 8841 section 6). */

static guint64
get_size (PairEnd *end)
{
  WherrySctpTransport *sctp = wherry_peer_connection_get_sctp (end->connection);

  g_assert_nonnull (sctp);
  return wherry_sctp_transport_get_max_message_size (sctp);
}

/* b answers an offer of a's that says value, and a never learns. */
static void
take_offer (ConnectionPair *pair, const char *value)
{
  g_autoptr (WherrySessionDescription) offer = pair_create_offer (&pair->a, NULL);
  g_autoptr (WherrySessionDescription) changed = with_attribute (offer, "max-message-size", value);
  g_autoptr (WherrySessionDescription) answer = NULL;

  pair->holds_candidates = TRUE;
  pair_set_remote (&pair->b, changed, NULL);
  answer = pair_create_answer (&pair->b, NULL);
  pair_set_local (&pair->b, answer, NULL);
}

static void
check (const char *value, guint64 expected)
{
  ConnectionPair *pair = connection_pair_new (NULL);
  g_autoptr (WherryDataChannel) channel = make_channel (&pair->a, "", NULL);

  g_assert_null (wherry_peer_connection_get_sctp (pair->b.connection));
  take_offer (pair, value);
  WHERRY_WAIT_UNTIL (NULL, get_size (&pair->b) == expected);
  g_clear_object (&channel);
  connection_pair_free (pair);
}

static void
test_zero_is_any (void)
{
  check ("0", G_MAXUINT64);
}

static void
test_missing (void)
{
  check (NULL, 65536);
}

static void
test_given (void)
{
  check ("1", 1);
}

static void
test_renegotiated (void)
{
  static const char *const values[] = { "1", "2", "0", "1" };
  static const guint64 expected[] = { 1, 2, G_MAXUINT64, 1 };
  ConnectionPair *pair = connection_pair_new (NULL);
  g_autoptr (WherryDataChannel) channel = make_channel (&pair->a, "", NULL);

  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    {
      take_offer (pair, values[i]);
      WHERRY_WAIT_UNTIL (NULL, get_size (&pair->b) == expected[i]);
    }
  g_clear_object (&channel);
  connection_pair_free (pair);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/max-message-size/zero-is-any", test_zero_is_any);
  g_test_add_func ("/max-message-size/missing", test_missing);
  g_test_add_func ("/max-message-size/given", test_given);
  g_test_add_func ("/max-message-size/renegotiated", test_renegotiated);
  return g_test_run ();
}
