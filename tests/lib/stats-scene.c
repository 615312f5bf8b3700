/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "fixtures/wherry-wait.h"
#include "lib/stats-scene.h"
#include "lib/stats-table.h"

/* ---- reports ---- */

static void
on_result (GObject *source, GAsyncResult *result, gpointer data)
{
  g_set_object ((GAsyncResult **) data, result);
}

WherryStatsReport *
stats_report_of (PairEnd *end)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  WherryStatsReport *report = NULL;

  wherry_peer_connection_get_stats_async (end->connection, NULL, on_result, &result);
  WHERRY_WAIT_UNTIL (NULL, result != NULL);
  report = wherry_peer_connection_get_stats_finish (end->connection, result, &error);
  g_assert_no_error (error);
  stats_table_see (report);
  return report;
}

GVariant *
stats_find (WherryStatsReport *report, const char *type, const char *label)
{
  g_auto (GStrv) ids = wherry_stats_report_get_ids (report, type);

  for (guint i = 0; ids[i] != NULL; i++)
    {
      g_autoptr (GVariant) members = wherry_stats_report_lookup (report, ids[i]);
      const char *its = NULL;

      if (label == NULL
          || (g_variant_lookup (members, "label", "&s", &its) && g_str_equal (its, label)))
        return g_steal_pointer (&members);
    }
  return NULL;
}

double
stats_figure (WherryStatsReport *report, const char *type, const char *label, const char *member)
{
  g_autoptr (GVariant) members = stats_find (report, type, label);
  g_autoptr (GVariant) value
      = members != NULL ? g_variant_lookup_value (members, member, NULL) : NULL;

  if (value == NULL)
    return -1;
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_DOUBLE))
    return g_variant_get_double (value);
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_INT32))
    return g_variant_get_int32 (value);
  return (double) g_variant_get_uint64 (value);
}

double
stats_now_of (PairEnd *end, const char *type, const char *member)
{
  g_autoptr (WherryStatsReport) report = stats_report_of (end);

  return stats_figure (report, type, NULL, member);
}

/* ---- the scene: two ends with a wire between them ---- */

WherryIceTransport *
stats_ice_of (PairEnd *end)
{
  WherrySctpTransport *sctp = wherry_peer_connection_get_sctp (end->connection);

  return wherry_dtls_transport_get_ice_transport (wherry_sctp_transport_get_transport (sctp));
}

static void
count (guint *n)
{
  (*n)++;
}

WherryDataChannel *
scene_make (Scene *self, const char *label, const char *protocol)
{
  g_autoptr (WherryDataChannelInit) init = wherry_data_channel_init_new ();
  WherryDataChannel *channel = NULL;

  wherry_data_channel_init_set_protocol (init, protocol);
  channel
      = wherry_peer_connection_create_data_channel (self->pair->a.connection, label, init, NULL);
  g_assert_nonnull (channel);
  pair_watch (channel);
  g_signal_connect_swapped (channel, "open", G_CALLBACK (count), &self->n_opened);
  g_signal_connect_swapped (channel, "closed", G_CALLBACK (count), &self->n_closed);
  return channel;
}

gboolean
scene_carried (Scene *self)
{
  counting_wire_carry (self->wire);
  return self->b == NULL ? self->a->n_open == 1 && self->pair->b.channels->len == 1
                         : self->n_pairs >= 2;
}

void
scene_open (Scene *self)
{
  g_autoptr (WherryDataChannel) channel = NULL;
  g_autoptr (WherryStatsReport) before = NULL;

  *self = (Scene){ .pair = connection_pair_new (NULL) };
  self->wire = counting_wire_new (self->pair);
  channel = scene_make (self, "first", "one");
  self->a = channel_end_new (channel, TRUE);
  before = stats_report_of (&self->pair->a);
  g_assert_null (stats_find (before, "transport", NULL));
  pair_negotiate (&self->pair->a);
  g_object_unref (stats_report_of (&self->pair->a));
  g_object_unref (stats_report_of (&self->pair->b));
  g_signal_connect_swapped (stats_ice_of (&self->pair->a), "notify::selected-remote-candidate",
                            G_CALLBACK (count), &self->n_pairs);
  WHERRY_WAIT_UNTIL (NULL, scene_carried (self));
  self->b = channel_end_new (g_ptr_array_index (self->pair->b.channels, 0), TRUE);
}

void
scene_close (Scene *self)
{
  channel_end_free (self->a);
  channel_end_free (self->b);
  connection_pair_free (self->pair);
  counting_wire_free (self->wire);
}
