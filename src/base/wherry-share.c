/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-base"

#include "config.h"

#include "base/wherry-share.h"

/* What a turn costs besides its bytes, so that empty messages are not free. */
#define TURN_BYTES 64u

guint
wherry_priority_get_weight (guint16 priority)
{
  if (priority == 0)
    return WHERRY_PRIORITY_LOW;
  if (priority >= WHERRY_PRIORITY_HIGH)
    return WHERRY_PRIORITY_HIGH;
  if (priority >= WHERRY_PRIORITY_MEDIUM)
    return WHERRY_PRIORITY_MEDIUM;
  return priority >= WHERRY_PRIORITY_LOW ? WHERRY_PRIORITY_LOW : WHERRY_PRIORITY_VERY_LOW;
}

void
wherry_share_join (WherryShare *self, guint weight, guint64 now)
{
  self->weight = weight;
  self->count = MAX (self->count, now);
}

void
wherry_share_charge (WherryShare *self, gsize bytes)
{
  self->count += ((guint64) bytes + TURN_BYTES) * WHERRY_PRIORITY_HIGH / self->weight;
}

gboolean
wherry_share_is_before (const WherryShare *self, const WherryShare *other)
{
  return self->count < other->count;
}
