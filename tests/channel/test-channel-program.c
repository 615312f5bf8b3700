/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "base/wherry-counters.h"
#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "channel/channel-pair.h"
#include "fixtures/wherry-wait.h"

/* A set that serves a program's connection: ids that are given, names as long as DCEP allows. */

static const WherryStreamTransportEvents deaf = { NULL };

static void
open_program (Fixture *f)
{
  fixture_init (f, NULL);
  wherry_channel_set_leave_ids (f->a.set);
  wherry_channel_set_allow_long_names (f->a.set);
  wherry_channel_set_allow_long_names (f->b.set);
}

static void
test_ids_given_in_time (void)
{
  Fixture f;
  WherryChannelInit with_id = plain;
  WherryChannel *first = NULL;

  open_program (&f);
  first = create (&f.a, &plain);
  with_id.id = 4;
  create (&f.a, &with_id);
  g_assert_null (wherry_channel_set_create (f.a.set, &with_id, NULL));
  g_assert_false (wherry_channel_give_id (first, 4));
  g_assert_true (wherry_channel_give_id (first, 2));
  g_assert_false (wherry_channel_give_id (first, 6));
  attach (&f);
  settle ();
  g_assert_cmpstr (f.a.log->str, ==, "connected writable open:plain:2 open:plain:4 ");
  fixture_clear (&f);
}

/* The association is up and the channel still waits for its id: nothing is sent, nothing is lost.
 */
static void
test_id_given_late (void)
{
  Fixture f;
  WherryChannel *channel = NULL;

  open_program (&f);
  channel = create (&f.a, &plain);
  attach (&f);
  settle ();
  g_assert_cmpint (say (channel, "too early"), ==, WHERRY_SEND_BLOCKED);
  g_assert_cmpstr (f.b.log->str, ==, "connected writable ");
  g_assert_true (wherry_channel_give_id (channel, 6));
  settle ();
  g_assert_cmpint (say (channel, "now"), ==, WHERRY_SEND_OK);
  settle ();
  g_assert_cmpstr (f.b.log->str, ==,
                   "connected writable incoming:plain open:plain:6 message:plain ");
  g_object_ref (channel);
  wherry_channel_close (channel);
  settle ();
  g_assert_false (wherry_channel_give_id (channel, 8));
  g_object_unref (channel);
  fixture_clear (&f);
}

/* The id was chosen elsewhere while its stream is being reset here: the OPEN waits for that, and
 * the answer to the reset does not close it. */
static void
test_id_of_a_refused_stream (void)
{
  Fixture f;
  WherryStreamTransport *raw = NULL;
  WherryChannelInit with_id = plain;
  WherryChannel *channel = NULL;
  static const guint8 data[] = { 1 };
  guint64 stray = wherry_counter_get (WHERRY_COUNTER_SCTP_BAD_STREAM_DATA);

  open_program (&f);
  wherry_channel_set_attach (f.a.set, WHERRY_STREAM_TRANSPORT (f.a.stream), TRUE);
  raw = WHERRY_STREAM_TRANSPORT (f.b.stream);
  wherry_stream_transport_set_events (raw, &deaf, NULL);
  settle ();
  send_raw (f.b.stream, 2, WHERRY_MESSAGE_TEXT, data, 1);
  send_raw (f.b.stream, 2, WHERRY_MESSAGE_TEXT, data, 1);
  while (wherry_counter_get (WHERRY_COUNTER_SCTP_BAD_STREAM_DATA) == stray)
    g_main_context_iteration (NULL, TRUE);
  wherry_fake_stream_set_stalled (f.a.stream, TRUE); /* the confirmation is late */
  with_id.id = 2;
  channel = create (&f.a, &with_id);
  g_assert_cmpint (say (channel, "too early"), ==, WHERRY_SEND_BLOCKED);
  wherry_stream_transport_reset_stream (raw, 2);
  g_assert_cmpint (wherry_fake_stream_get_n_sent (f.a.stream), ==, 0);
  wherry_fake_stream_set_stalled (f.a.stream, FALSE);
  settle ();
  g_assert_cmpint (wherry_fake_stream_get_n_sent (f.a.stream), ==, 1); /* its OPEN */
  g_assert_cmpint (wherry_channel_get_state (channel), ==, WHERRY_CHANNEL_CONNECTING);
  fixture_clear (&f);
}

static void
test_long_names (void)
{
  Fixture f;
  g_autofree char *longest = g_strnfill (65535, 'x');
  g_autofree char *longer = g_strnfill (65536, 'x');
  WherryChannelInit init = plain;
  g_autoptr (GError) error = NULL;

  open_program (&f);
  attach (&f);
  settle ();
  init.label = init.protocol = longest;
  init.id = 0;
  create (&f.a, &init);
  settle ();
  g_assert_cmpstr (wherry_channel_get_init (f.b.last_incoming)->label, ==, longest);
  g_assert_cmpstr (wherry_channel_get_init (f.b.last_incoming)->protocol, ==, longest);
  init.id = 2;
  init.label = longer;
  g_assert_null (wherry_channel_set_create (f.a.set, &init, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT);
  fixture_clear (&f);
}

/* The other side of a relay's: what is longer is refused, also where it could be read. */
static void
test_long_names_refused (void)
{
  static const gsize lengths[][2] = { { WHERRY_LABEL_MAX, WHERRY_CHANNEL_PROTOCOL_MAX },
                                      { WHERRY_LABEL_MAX + 1, 0 },
                                      { 0, WHERRY_CHANNEL_PROTOCOL_MAX + 1 },
                                      { 65535, 65535 } };

  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++)
    {
      Fixture f;
      g_autofree char *label = g_strnfill (lengths[i][0], 'x');
      g_autofree char *protocol = g_strnfill (lengths[i][1], 'x');
      WherryChannelInit init = plain;
      guint64 bad = wherry_counter_get (WHERRY_COUNTER_DCEP_BAD);

      fixture_init (&f, NULL);
      wherry_channel_set_allow_long_names (f.a.set);
      attach (&f);
      settle ();
      init.label = label;
      init.protocol = protocol;
      create (&f.a, &init);
      settle ();
      g_assert_cmpuint (wherry_channel_set_get_n_channels (f.a.set), ==, i == 0 ? 1 : 0);
      g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_DCEP_BAD) - bad, ==, i == 0 ? 0 : 1);
      fixture_clear (&f);
    }
}

/* Each is allowed, all of them would be 8 MiB. One that closes makes room. */
static void
test_long_names_together (void)
{
  Fixture f;
  g_autofree char *longest = g_strnfill (65535, 'x');
  WherryChannelInit init = plain;
  guint most = WHERRY_CHANNEL_NAMES_MAX / (2 * 65535);
  guint64 refused = wherry_counter_get (WHERRY_COUNTER_CHANNELS_REFUSED);

  open_program (&f);
  g_clear_object (&f.b.set);
  g_string_truncate (f.b.log, 0);
  f.b.set = channel_set_new (&f.b, 100);
  wherry_channel_set_allow_long_names (f.b.set);
  attach (&f);
  settle ();
  init.label = init.protocol = longest;
  for (guint i = 0; i <= most + 1; i++)
    {
      init.id = (guint16) (2 * i);
      create (&f.a, &init);
      settle ();
    }
  g_assert_cmpuint (wherry_channel_set_get_n_channels (f.b.set), ==, most);
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_CHANNELS_REFUSED) - refused, ==, 2);
  wherry_channel_close (wherry_channel_set_lookup (f.a.set, 0));
  settle ();
  init.id = 0;
  create (&f.a, &init);
  settle ();
  g_assert_cmpuint (wherry_channel_set_get_n_channels (f.b.set), ==, most);
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_CHANNELS_REFUSED) - refused, ==, 2);
  fixture_clear (&f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/channel/program/ids-given-in-time", test_ids_given_in_time);
  g_test_add_func ("/channel/program/id-given-late", test_id_given_late);
  g_test_add_func ("/channel/program/id-of-a-refused-stream", test_id_of_a_refused_stream);
  g_test_add_func ("/channel/program/long-names", test_long_names);
  g_test_add_func ("/channel/program/long-names-refused", test_long_names_refused);
  g_test_add_func ("/channel/program/long-names-together", test_long_names_together);
  return g_test_run ();
}
