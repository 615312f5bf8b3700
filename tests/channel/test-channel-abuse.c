/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "base/wherry-counters.h"
#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "channel/channel-pair.h"
#include "fixtures/wherry-wait.h"
#include "wire/wherry-dcep.h"

static const WherryStreamTransportEvents deaf = { NULL };

static void
test_bad_peers (void)
{
  Fixture f;
  guint64 bad = wherry_counter_get (WHERRY_COUNTER_DCEP_BAD);
  guint64 stray = wherry_counter_get (WHERRY_COUNTER_SCTP_BAD_STREAM_DATA);
  WherryChannelInit init = plain;
  static const guint8 nonsense[] = { 0xff, 1, 2 };
  gsize length;
  const guint8 *ack = wherry_dcep_ack_get (&length);

  fixture_init (&f, NULL);
  wherry_channel_set_attach (f.a.set, WHERRY_STREAM_TRANSPORT (f.a.stream), TRUE);
  wherry_stream_transport_set_events (WHERRY_STREAM_TRANSPORT (f.b.stream), &deaf, NULL);
  init.negotiated = TRUE;
  init.id = 5;
  create (&f.a, &init);
  settle ();
  g_string_truncate (f.a.log, 0);

  send_raw (f.b.stream, 1, WHERRY_MESSAGE_CONTROL, nonsense, sizeof nonsense);
  send_raw (f.b.stream, 3, WHERRY_MESSAGE_CONTROL, nonsense, 0);
  send_raw (f.b.stream, 5, WHERRY_MESSAGE_CONTROL, nonsense, sizeof nonsense);
  send_raw_open (f.b.stream, 2); /* an id of ours */
  send_raw_open (f.b.stream, 5); /* negotiated */
  send_raw (f.b.stream, 5, WHERRY_MESSAGE_CONTROL, ack, length);
  send_raw (f.b.stream, 99, WHERRY_MESSAGE_CONTROL, ack, length);
  settle ();
  g_assert_cmpstr (f.a.log->str, ==, "");
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_DCEP_BAD) - bad, ==, 7);
  g_assert_cmpuint (wherry_channel_set_get_n_channels (f.a.set), ==, 1);

  send_raw (f.b.stream, 7, WHERRY_MESSAGE_TEXT, nonsense, 1);
  send_raw (f.b.stream, 7, WHERRY_MESSAGE_TEXT, nonsense, 1);
  settle ();
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_SCTP_BAD_STREAM_DATA) - stray, ==, 2);
  g_assert_cmpstr (f.a.log->str, ==, "");

  /* an OPEN on a stream in use leaves the channel as it was */
  send_raw_open (f.b.stream, 9);
  settle ();
  send_raw_open (f.b.stream, 9);
  send_raw (f.b.stream, 9, WHERRY_MESSAGE_TEXT, nonsense, 1);
  settle ();
  g_assert_cmpstr (f.a.log->str, ==, "incoming:raw open:raw:9 message:raw ");
  fixture_clear (&f);
}

static void
test_refused_stream_can_be_used_later (void)
{
  Fixture f;
  WherryStreamTransport *raw;
  static const guint8 data[] = { 1 };

  fixture_init (&f, NULL);
  wherry_channel_set_attach (f.a.set, WHERRY_STREAM_TRANSPORT (f.a.stream), TRUE);
  raw = WHERRY_STREAM_TRANSPORT (f.b.stream);
  wherry_stream_transport_set_events (raw, &deaf, NULL);
  settle ();
  send_raw (f.b.stream, 7, WHERRY_MESSAGE_TEXT, data, 1);
  settle ();
  wherry_stream_transport_reset_stream (raw, 7);
  settle ();
  send_raw_open (f.b.stream, 7);
  settle ();
  g_assert_nonnull (wherry_channel_set_lookup (f.a.set, 7));
  fixture_clear (&f);
}

static void
test_limit (void)
{
  Fixture f;
  guint64 before = wherry_counter_get (WHERRY_COUNTER_CHANNELS_REFUSED);

  fixture_init (&f, NULL);
  attach (&f);
  settle ();
  for (guint i = 0; i < 12; i++)
    create (&f.a, &plain);
  settle ();
  g_assert_cmpuint (wherry_channel_set_get_n_channels (f.b.set), ==, 8);
  g_assert_cmpuint (wherry_channel_set_get_n_channels (f.a.set), ==, 8);
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_CHANNELS_REFUSED) - before, ==, 4);
  /* ours do not count against it */
  create (&f.b, &plain);
  settle ();
  g_assert_cmpuint (wherry_channel_set_get_n_channels (f.a.set), ==, 9);
  fixture_clear (&f);
}

static void
test_arguments (void)
{
  Fixture f;
  g_autoptr (GError) error = NULL;
  g_autofree char *label = g_strnfill (WHERRY_LABEL_MAX + 1, 'x');
  WherryChannelInit init = plain;

  fixture_init (&f, NULL);
  init.label = label;
  g_assert_null (wherry_channel_set_create (f.a.set, &init, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  init.label = "\xff";
  g_assert_null (wherry_channel_set_create (f.a.set, &init, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  init = plain;
  init.negotiated = TRUE;
  g_assert_null (wherry_channel_set_create (f.a.set, &init, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  init.id = 4;
  create (&f.a, &init);
  g_assert_null (wherry_channel_set_create (f.a.set, &init, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  wherry_channel_set_close (f.a.set);
  g_assert_null (wherry_channel_set_create (f.a.set, &plain, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_CLOSED);
  fixture_clear (&f);
}

/* A negotiated channel opens at once; who hears of it may end it all, and there is no channel. */
static void
test_closed_as_it_opens (void)
{
  Fixture f;
  g_autoptr (GError) error = NULL;
  WherryChannelInit init = plain;

  fixture_init (&f, NULL);
  attach (&f);
  settle ();
  f.a.end_in_open = TRUE;
  init.negotiated = TRUE;
  init.id = 4;
  g_assert_null (wherry_channel_set_create (f.a.set, &init, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_CLOSED);
  fixture_clear (&f);
}

static void
test_association_ends (void)
{
  Fixture f;

  fixture_init (&f, NULL);
  attach (&f);
  settle ();
  say (create (&f.a, &plain), "whole");
  create (&f.b, &plain);
  wherry_stream_transport_set_paused (WHERRY_STREAM_TRANSPORT (f.b.stream), TRUE);
  wherry_stream_transport_close (WHERRY_STREAM_TRANSPORT (f.a.stream));
  settle ();
  /* what was on its way is delivered; then every channel, then the association */
  g_assert_cmpstr (f.b.log->str, ==,
                   "connected writable incoming:plain open:plain:0 message:plain "
                   "closed:plain closed:plain closed ");
  fixture_clear (&f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/channel/refuse/bad-peers", test_bad_peers);
  g_test_add_func ("/channel/refuse/stream-can-be-used-later",
                   test_refused_stream_can_be_used_later);
  g_test_add_func ("/channel/refuse/limit", test_limit);
  g_test_add_func ("/channel/create/arguments", test_arguments);
  g_test_add_func ("/channel/create/closed-as-it-opens", test_closed_as_it_opens);
  g_test_add_func ("/channel/end/closes-every-channel", test_association_ends);
  return g_test_run ();
}
