/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-tests"

#include "config.h"

#include <string.h>

#include "fixtures/wherry-wait.h"

#include "ice/ice-pair.h"

static void
on_candidate (gpointer user_data, const char *line)
{
  IceSide *side = user_data;
  g_autoptr (GError) error = NULL;

  g_ptr_array_add (side->candidates, g_strdup (line));
  if (side->other == NULL || side->silent)
    return;
  wherry_ice_session_add_remote_candidate (side->other->ice, line, &error);
  g_assert_no_error (error);
}

static void
on_done (gpointer user_data)
{
  IceSide *side = user_data;

  side->done++;
  if (side->other != NULL && !side->silent)
    wherry_ice_session_end_of_remote_candidates (side->other->ice);
}

static void
on_state (gpointer user_data, WherryTransportState state, const GError *error)
{
  IceSide *side = user_data;

  g_assert_cmpint (state == WHERRY_TRANSPORT_FAILED, ==, error != NULL);
  g_array_append_val (side->states, state);
}

static void
on_candidate_error (gpointer user_data, const WherryIceCandidateError *error)
{
  IceSide *side = user_data;

  g_test_message ("%s: %u %s (from %s port %u)", error->url, error->code, error->text,
                  error->address != NULL ? error->address : "nowhere", error->port);
  g_ptr_array_add (side->errors,
                   g_strdup_printf ("%s %u %s", error->url, error->code, error->text));
}

static const WherryIceSessionEvents session_events = {
  .candidate = on_candidate,
  .gathering_done = on_done,
  .state = on_state,
  .candidate_error = on_candidate_error,
};

guint
ice_side_count (IceSide *side, const char *text)
{
  guint n = 0;

  for (guint i = 0; i < side->candidates->len; i++)
    n += strstr (g_ptr_array_index (side->candidates, i), text) != NULL;
  return n;
}

gboolean
ice_side_has_error (IceSide *side, const char *start)
{
  for (guint i = 0; i < side->errors->len; i++)
    if (g_str_has_prefix (g_ptr_array_index (side->errors, i), start))
      return TRUE;
  return FALSE;
}

WherryTransportState
ice_side_get_last_state (IceSide *side)
{
  if (side->states->len == 0)
    return WHERRY_TRANSPORT_NEW;
  return g_array_index (side->states, WherryTransportState, side->states->len - 1);
}

WherryIceConfig *
ice_loopback_config (void)
{
  WherryIceConfig *config = wherry_ice_config_new ();
  g_autoptr (GError) error = NULL;

  wherry_ice_config_add_bind_address (config, "127.0.0.1", &error);
  g_assert_no_error (error);
  return config;
}

void
ice_side_init (IceSide *side, const WherryIceConfig *config)
{
  const WherryLogContext log = { .peer = "0123456789abcdef", .room = "test" };
  g_autoptr (GError) error = NULL;

  memset (side, 0, sizeof *side);
  side->ice = wherry_ice_session_new (config, NULL, &log, &error);
  g_assert_no_error (error);
  side->transport = WHERRY_PACKET_TRANSPORT (side->ice);
  side->states = g_array_new (FALSE, FALSE, sizeof (WherryTransportState));
  side->errors = g_ptr_array_new_with_free_func (g_free);
  side->candidates = g_ptr_array_new_with_free_func (g_free);
  wherry_packet_recorder_init (&side->heard);
  wherry_packet_recorder_listen (&side->heard, side->transport);
  wherry_ice_session_set_session_events (side->ice, &session_events, side);
}

void
ice_on_closed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  guint *closed = user_data;
  g_autoptr (GError) error = NULL;

  g_assert_true (wherry_ice_session_close_finish (WHERRY_ICE_SESSION (source), result, &error));
  g_assert_no_error (error);
  *closed += 1;
}

void
ice_side_clear (IceSide *side)
{
  guint closed = 0;
  gpointer weak = side->ice;

  if (side->ice != NULL)
    {
      g_object_add_weak_pointer (G_OBJECT (side->ice), &weak);
      wherry_ice_session_close_async (side->ice, ice_on_closed, &closed);
      g_assert_cmpuint (closed, ==, 0);
      g_clear_object (&side->ice);
      WHERRY_WAIT_UNTIL (NULL, closed == 1 && weak == NULL);
    }
  g_clear_pointer (&side->states, g_array_unref);
  g_clear_pointer (&side->errors, g_ptr_array_unref);
  g_clear_pointer (&side->candidates, g_ptr_array_unref);
  wherry_packet_recorder_clear (&side->heard);
}

void
ice_pair_init_with (IcePair *pair, WherryIceConfig *a, WherryIceConfig *b)
{
  b->controlling = FALSE;
  ice_side_init (&pair->b, b);
  a->controlling = TRUE;
  ice_side_init (&pair->a, a);
  pair->a.other = &pair->b;
  pair->b.other = &pair->a;
}

void
ice_pair_init (IcePair *pair)
{
  g_autoptr (WherryIceConfig) config = ice_loopback_config ();

  ice_pair_init_with (pair, config, config);
}

void
ice_pair_clear (IcePair *pair)
{
  ice_side_clear (&pair->a);
  ice_side_clear (&pair->b);
}

void
ice_side_gather (IceSide *side)
{
  g_autoptr (GError) error = NULL;
  gboolean ok = wherry_ice_session_gather (side->ice, &error);

  g_assert_no_error (error);
  g_assert_true (ok);
}

void
ice_side_give_credentials (IceSide *from, IceSide *to, const char *pwd)
{
  g_autoptr (GError) error = NULL;
  gboolean ok = wherry_ice_session_set_remote_credentials (
      to->ice, wherry_ice_session_get_local_ufrag (from->ice),
      pwd != NULL ? pwd : wherry_ice_session_get_local_pwd (from->ice), &error);

  g_assert_no_error (error);
  g_assert_true (ok);
}

WherryTransportState
ice_side_get_state (IceSide *side)
{
  return wherry_packet_transport_get_state (side->transport);
}

gboolean
ice_pair_is_connected (IcePair *pair)
{
  return ice_side_get_state (&pair->a) == WHERRY_TRANSPORT_CONNECTED
         && ice_side_get_state (&pair->b) == WHERRY_TRANSPORT_CONNECTED;
}

void
ice_pair_start (IcePair *pair)
{
  ice_side_give_credentials (&pair->a, &pair->b, NULL);
  ice_side_give_credentials (&pair->b, &pair->a, NULL);
  ice_side_gather (&pair->a);
  ice_side_gather (&pair->b);
}

void
ice_pair_connect (IcePair *pair)
{
  ice_pair_init (pair);
  ice_pair_start (pair);
  WHERRY_WAIT_UNTIL (NULL, ice_pair_is_connected (pair));
}

void
ice_pair_exchange (IcePair *pair, const char *text)
{
  wherry_packet_send_text (pair->a.transport, text);
  wherry_packet_send_text (pair->b.transport, text);
  WHERRY_WAIT_UNTIL (NULL, wherry_packet_recorder_has (&pair->b.heard, text)
                               && wherry_packet_recorder_has (&pair->a.heard, text));
}
