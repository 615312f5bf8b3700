/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-lib"

#include "config.h"

#include "lib/wherry-member-private.h"

/* What a relay in this process knows of a member that does not keep up. */

static void
insert_count (GVariantDict *dict, const char *key, guint64 count)
{
  g_variant_dict_insert (dict, key, "t", count);
}

static GVariant *
describe (const WherryOutboxStats *stats)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);
  const WherryPolicyCounts *counts = &stats->counts;

  if (stats->label != NULL)
    g_variant_dict_insert (&dict, "topic", "s", stats->label);
  if (stats->is_open)
    {
      g_variant_dict_insert (&dict, "policy", "s", wherry_policy_names[stats->policy]);
      g_variant_dict_insert (&dict, "messages", "u", stats->n_messages);
      insert_count (&dict, "bytes", stats->bytes);
    }
  insert_count (&dict, "pauses", counts->pauses);
  insert_count (&dict, "paused-ms", (guint64) counts->paused_us / 1000);
  insert_count (&dict, "dropped-oldest", counts->dropped[WHERRY_POLICY_DROP_OLDEST]);
  insert_count (&dict, "dropped-newest", counts->dropped[WHERRY_POLICY_DROP_NEWEST]);
  insert_count (&dict, "dropped-latest", counts->dropped[WHERRY_POLICY_LATEST]);
  return g_variant_dict_end (&dict);
}

GVariant *
wherry_member_get_outboxes (WherryMember *self)
{
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));
  g_autoptr (GPtrArray) stats = NULL;
  WherryRelayMember *member = NULL;

  g_return_val_if_fail (WHERRY_IS_MEMBER (self), NULL);
  if (self->core != NULL)
    member = wherry_relay_hub_lookup (wherry_relay_core_get_hub (self->core), self->id);
  if (member != NULL)
    stats = wherry_relay_member_get_outboxes (member);
  for (guint i = 0; stats != NULL && i < stats->len; i++)
    g_variant_builder_add_value (&builder, describe (g_ptr_array_index (stats, i)));
  return g_variant_ref_sink (g_variant_builder_end (&builder));
}
