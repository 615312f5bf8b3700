/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "base/wherry-counters.h"
#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "channel/channel-pair.h"
#include "fixtures/wherry-wait.h"
#include "wire/wherry-dcep.h"

static void
test_in_band (void)
{
  Fixture f;
  WherryChannel *channel;

  fixture_init (&f, NULL);
  attach (&f);
  settle ();
  channel = create (&f.a, &plain);
  g_assert_cmpuint (wherry_channel_get_id (channel), ==, 0);
  g_assert_cmpint (wherry_channel_get_state (channel), ==, WHERRY_CHANNEL_CONNECTING);
  settle ();
  g_assert_cmpstr (f.a.log->str, ==, "connected writable open:plain:0 ");
  g_assert_cmpstr (f.b.log->str, ==, "connected writable incoming:plain open:plain:0 ");
  g_assert_cmpint (say (channel, "hello"), ==, WHERRY_SEND_OK);
  g_assert_cmpint (say (f.b.last_incoming, "there"), ==, WHERRY_SEND_OK);
  settle ();
  g_assert_cmpuint (f.a.n_messages, ==, 1);
  g_assert_cmpuint (f.b.n_messages, ==, 1);
  fixture_clear (&f);
}

static void
test_all_kept (void)
{
  static const WherryReliability kinds[]
      = { WHERRY_RELIABLE, WHERRY_MAX_RETRANSMITS, WHERRY_MAX_PACKET_LIFE_TIME };
  Fixture f;

  fixture_init (&f, NULL);
  attach (&f);
  settle ();
  for (guint i = 0; i < 6; i++)
    {
      WherryChannelInit init = { .label = "żółw",
                                 .protocol = "wherry.1",
                                 .ordered = i % 2 == 0,
                                 .reliability = kinds[i / 2],
                                 .reliability_value = i / 2 == 0 ? 0 : 7,
                                 .priority = (guint16) (128u << (i % 4)),
                                 .id = WHERRY_CHANNEL_ID_NONE };
      const WherryChannelInit *got;

      create (&f.b, &init);
      settle ();
      got = wherry_channel_get_init (f.a.last_incoming);
      g_assert_cmpstr (got->label, ==, init.label);
      g_assert_cmpstr (got->protocol, ==, init.protocol);
      g_assert_cmpint (got->ordered, ==, init.ordered);
      g_assert_cmpint (got->reliability, ==, init.reliability);
      g_assert_cmpuint (got->reliability_value, ==, init.reliability_value);
      g_assert_cmpuint (got->priority, ==, init.priority);
      g_assert_false (got->negotiated);
      g_assert_cmpuint (got->id, ==, 2 * i + 1);
    }
  fixture_clear (&f);
}

static void
test_before_attach (void)
{
  WherryFakeStreamOptions options = { .unconnected = TRUE };
  Fixture f;
  WherryChannel *channel;
  WherryChannelInit negotiated = plain;

  fixture_init (&f, &options);
  channel = create (&f.a, &plain);
  g_assert_cmpuint (wherry_channel_get_id (channel), ==, WHERRY_CHANNEL_ID_NONE);
  g_assert_cmpint (say (channel, "too soon"), ==, WHERRY_SEND_BLOCKED);
  negotiated.label = "negotiated";
  negotiated.negotiated = TRUE;
  negotiated.id = 1000;
  create (&f.a, &negotiated);
  create (&f.b, &negotiated);
  attach (&f);
  g_assert_cmpuint (wherry_channel_get_id (channel), ==, 0);
  settle ();
  g_assert_cmpstr (f.a.log->str, ==, "");
  wherry_fake_stream_connect (f.a.stream);
  settle ();
  g_assert_cmpstr (f.a.log->str, ==, "connected open:negotiated:1000 writable open:plain:0 ");
  g_assert_cmpstr (f.b.log->str, ==,
                   "connected open:negotiated:1000 writable incoming:plain open:plain:0 ");
  fixture_clear (&f);
}

static void
test_more_streams (void)
{
  WherryFakeStreamOptions options = { .streams_max = 2000 };
  Fixture f;
  WherryChannelInit init = plain;

  fixture_init (&f, &options);
  attach (&f);
  settle ();
  init.negotiated = TRUE;
  init.id = 1000;
  g_assert_cmpint (wherry_channel_get_state (create (&f.a, &init)), ==, WHERRY_CHANNEL_CONNECTING);
  settle ();
  g_assert_nonnull (strstr (f.a.log->str, "open:plain:1000"));
  /* more than there can be: it closes */
  init.label = "far";
  init.id = 3000;
  create (&f.a, &init);
  settle ();
  g_assert_nonnull (strstr (f.a.log->str, "closed:far"));
  g_assert_cmpuint (wherry_channel_set_get_n_channels (f.a.set), ==, 1);
  fixture_clear (&f);
}

static void
test_ordered_until_ack (void)
{
  Fixture f;
  WherryChannelInit init = plain;
  WherryChannel *channel;

  fixture_init (&f, NULL);
  attach (&f);
  f.b.accept = FALSE;
  settle ();
  init.ordered = FALSE;
  init.reliability = WHERRY_MAX_RETRANSMITS;
  init.reliability_value = 3;
  channel = create (&f.a, &init);
  g_assert_cmpint (say (channel, "at once"), ==, WHERRY_SEND_OK);
  g_assert_true (wherry_fake_stream_get_last_options (f.a.stream).ordered);
  settle ();
  /* it comes before the answer, and is delivered as it comes */
  g_assert_cmpuint (f.b.n_messages, ==, 1);
  g_assert_cmpint (say (f.b.last_incoming, "unaccepted"), ==, WHERRY_SEND_OK);
  g_assert_true (wherry_fake_stream_get_last_options (f.b.stream).ordered);
  settle ();
  /* any message acknowledges */
  g_assert_cmpint (wherry_channel_get_state (channel), ==, WHERRY_CHANNEL_OPEN);
  g_assert_cmpint (say (channel, "unordered"), ==, WHERRY_SEND_OK);
  g_assert_false (wherry_fake_stream_get_last_options (f.a.stream).ordered);
  g_assert_cmpint (wherry_fake_stream_get_last_options (f.a.stream).reliability, ==,
                   WHERRY_MAX_RETRANSMITS);
  g_assert_cmpuint (wherry_fake_stream_get_last_options (f.a.stream).value, ==, 3);
  wherry_channel_accept (f.b.last_incoming);
  g_assert_cmpint (say (f.b.last_incoming, "accepted"), ==, WHERRY_SEND_OK);
  g_assert_false (wherry_fake_stream_get_last_options (f.b.stream).ordered);
  settle ();
  g_assert_cmpuint (f.a.n_messages, ==, 2);
  fixture_clear (&f);
}

static void
test_close_and_reuse (void)
{
  Fixture f;

  fixture_init (&f, NULL);
  attach (&f);
  settle ();
  for (guint round = 0; round < 3; round++)
    {
      WherryChannel *channel = create (&f.a, &plain);

      g_assert_cmpuint (wherry_channel_get_id (channel), ==, 0);
      settle ();
      g_assert_cmpint (say (channel, "last words"), ==, WHERRY_SEND_OK);
      wherry_channel_close (channel);
      g_assert_cmpint (wherry_channel_get_state (channel), ==, WHERRY_CHANNEL_CLOSING);
      g_assert_cmpint (say (channel, "no more"), ==, WHERRY_SEND_FAILED);
      /* not free until both directions are reset */
      g_assert_cmpuint (wherry_channel_get_id (create (&f.a, &plain)), ==, 2);
      settle ();
      g_assert_cmpuint (f.b.n_messages, ==, round + 1);
      g_assert_cmpuint (f.a.n_flushed, ==, 2 * round + 1);
      g_assert_null (wherry_channel_set_lookup (f.a.set, 0));
      g_assert_null (wherry_channel_set_lookup (f.b.set, 0));
      wherry_channel_close (wherry_channel_set_lookup (f.b.set, 2));
      settle ();
      g_assert_cmpuint (wherry_channel_set_get_n_channels (f.a.set), ==, 0);
      g_assert_cmpuint (wherry_channel_set_get_n_channels (f.b.set), ==, 0);
    }
  fixture_clear (&f);
}

/* What the other side sent before it heard of our close was acknowledged: it is delivered. */
static void
test_close_delivers_what_comes (void)
{
  Fixture f;
  WherryChannel *channel;

  fixture_init (&f, NULL);
  attach (&f);
  settle ();
  channel = create (&f.a, &plain);
  settle ();
  wherry_channel_close (channel);
  g_assert_cmpint (say (wherry_channel_set_lookup (f.b.set, 0), "on its way"), ==, WHERRY_SEND_OK);
  settle ();
  g_assert_cmpuint (f.a.n_messages, ==, 1);
  g_assert_null (wherry_channel_set_lookup (f.a.set, 0));
  fixture_clear (&f);
}

static void
test_close_every_state (void)
{
  WherryFakeStreamOptions options = { .unconnected = TRUE };
  Fixture f;
  WherryChannel *channel;

  fixture_init (&f, &options);
  wherry_channel_close (create (&f.a, &plain)); /* before attach */
  attach (&f);
  wherry_channel_close (create (&f.a, &plain)); /* before the association */
  g_assert_cmpstr (f.a.log->str, ==, "closed:plain closed:plain ");
  wherry_fake_stream_connect (f.a.stream);
  settle ();
  g_string_truncate (f.a.log, 0);
  g_string_truncate (f.b.log, 0);

  /* right behind its OPEN */
  channel = create (&f.a, &plain);
  wherry_channel_close (channel);
  wherry_channel_close (channel);
  settle ();
  g_assert_cmpstr (f.a.log->str, ==, "closed:plain ");
  g_assert_cmpstr (f.b.log->str, ==, "incoming:plain open:plain:0 closed:plain ");
  g_string_truncate (f.b.log, 0);

  /* theirs, not accepted */
  f.b.accept = FALSE;
  create (&f.a, &plain);
  settle ();
  wherry_channel_close (f.b.last_incoming);
  settle ();
  g_assert_cmpstr (f.b.log->str, ==, "incoming:plain closed:plain ");
  wherry_channel_accept (f.b.last_incoming);
  g_assert_cmpint (wherry_channel_get_state (f.b.last_incoming), ==, WHERRY_CHANNEL_CLOSED);
  g_assert_cmpuint (wherry_channel_set_get_n_channels (f.a.set), ==, 0);

  /* both at once, and inside an event */
  f.b.accept = TRUE;
  f.b.close_in_message = TRUE;
  channel = create (&f.a, &plain);
  settle ();
  say (channel, "close, please");
  wherry_channel_close (channel);
  settle ();
  g_assert_cmpuint (wherry_channel_set_get_n_channels (f.a.set), ==, 0);
  g_assert_cmpuint (wherry_channel_set_get_n_channels (f.b.set), ==, 0);
  fixture_clear (&f);
}

static void
test_open_blocked (void)
{
  WherryFakeStreamOptions options = { .window = 1000 };
  Fixture f;
  WherryChannel *first;
  WherryChannel *second;

  fixture_init (&f, &options);
  attach (&f);
  settle ();
  first = create (&f.a, &plain);
  settle ();
  wherry_fake_stream_set_stalled (f.b.stream, TRUE);
  while (say (first, "fill") == WHERRY_SEND_OK)
    ;
  second = create (&f.a, &plain);
  g_assert_cmpint (say (second, "no room for its OPEN"), ==, WHERRY_SEND_BLOCKED);
  g_object_ref (second); /* closing drops the set's */
  wherry_channel_close (second);
  g_assert_cmpint (wherry_channel_get_state (second), ==, WHERRY_CHANNEL_CLOSED);
  g_object_unref (second);
  second = create (&f.a, &plain);
  g_string_truncate (f.a.log, 0);
  wherry_fake_stream_set_stalled (f.b.stream, FALSE);
  settle ();
  g_assert_cmpstr (f.a.log->str, ==, "writable open:plain:2 ");
  g_assert_cmpint (say (second, "now"), ==, WHERRY_SEND_OK);
  fixture_clear (&f);
}

/* RFC 8832 section 5.1: as it was given, whatever it is; and on every message that is sent. */
static void
test_priority (void)
{
  static const guint16 values[] = { 128, 256, 512, 1024, 0, 1, 65535 };

  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    {
      Fixture f;
      WherryChannelInit init = plain;
      WherryChannel *channel;

      fixture_init (&f, NULL);
      attach (&f);
      settle ();
      init.priority = values[i];
      channel = create (&f.a, &init);
      settle ();
      g_assert_cmpuint (wherry_channel_get_init (f.b.last_incoming)->priority, ==, values[i]);
      g_assert_cmpint (say (channel, "there"), ==, WHERRY_SEND_OK);
      g_assert_cmpuint (wherry_fake_stream_get_last_options (f.a.stream).priority, ==, values[i]);
      g_assert_cmpint (say (f.b.last_incoming, "and back"), ==, WHERRY_SEND_OK);
      g_assert_cmpuint (wherry_fake_stream_get_last_options (f.b.stream).priority, ==, values[i]);
      settle ();
      fixture_clear (&f);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/channel/open/in-band", test_in_band);
  g_test_add_func ("/channel/open/everything-is-kept", test_all_kept);
  g_test_add_func ("/channel/open/made-before-attach", test_before_attach);
  g_test_add_func ("/channel/open/more-streams", test_more_streams);
  g_test_add_func ("/channel/open/ordered-until-acknowledged", test_ordered_until_ack);
  g_test_add_func ("/channel/open/blocked", test_open_blocked);
  g_test_add_func ("/channel/close/resets-both-streams-and-id-is-free", test_close_and_reuse);
  g_test_add_func ("/channel/close/delivers-what-comes-while-closing",
                   test_close_delivers_what_comes);
  g_test_add_func ("/channel/close/every-state", test_close_every_state);
  g_test_add_func ("/channel/priority", test_priority);
  return g_test_run ();
}
