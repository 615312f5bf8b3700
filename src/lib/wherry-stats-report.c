/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-lib"

#include "config.h"

#include "lib/wherry-stats-report-private.h"

struct _WherryStatsReport
{
  GObject parent_instance;

  /* immutable after construction: any thread reads */
  GVariant *stats;
};

G_DEFINE_FINAL_TYPE (WherryStatsReport, wherry_stats_report, G_TYPE_OBJECT)

static void
wherry_stats_report_finalize (GObject *object)
{
  WherryStatsReport *self = WHERRY_STATS_REPORT (object);

  g_clear_pointer (&self->stats, g_variant_unref);
  G_OBJECT_CLASS (wherry_stats_report_parent_class)->finalize (object);
}

static void
wherry_stats_report_class_init (WherryStatsReportClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = wherry_stats_report_finalize;
}

static void
wherry_stats_report_init (WherryStatsReport *self)
{
}

WherryStatsReport *
wherry_stats_report_new (GVariant *stats)
{
  WherryStatsReport *self = g_object_new (WHERRY_TYPE_STATS_REPORT, NULL);

  self->stats = g_variant_ref_sink (stats);
  return self;
}

GVariant *
wherry_stats_report_to_variant (WherryStatsReport *self)
{
  g_return_val_if_fail (WHERRY_IS_STATS_REPORT (self), NULL);
  return g_variant_ref (self->stats);
}

GVariant *
wherry_stats_report_lookup (WherryStatsReport *self, const char *id)
{
  g_return_val_if_fail (WHERRY_IS_STATS_REPORT (self), NULL);
  g_return_val_if_fail (id != NULL, NULL);
  return g_variant_lookup_value (self->stats, id, G_VARIANT_TYPE_VARDICT);
}

char **
wherry_stats_report_get_ids (WherryStatsReport *self, const char *type)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  GVariantIter iter;
  const char *id = NULL;
  GVariant *members = NULL;

  g_return_val_if_fail (WHERRY_IS_STATS_REPORT (self), NULL);

  g_variant_iter_init (&iter, self->stats);
  while (g_variant_iter_loop (&iter, "{&s@a{sv}}", &id, &members))
    {
      const char *its_type = NULL;

      g_variant_lookup (members, "type", "&s", &its_type);
      if (type == NULL || g_strcmp0 (type, its_type) == 0)
        g_strv_builder_add (builder, id);
    }
  return g_strv_builder_end (builder);
}
