/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "base/wherry-limits.h"
#include "relay/wherry-relay-rules.h"

static void
test_defaults (void)
{
  g_autoptr (WherryRelayConfig) config = wherry_relay_config_new ();
  WherryOutboxLimits limits;

  wherry_relay_config_outbox_limits (config, "room", "topic", &limits);
  g_assert_cmpuint (limits.outbox_high, ==, WHERRY_OUTBOX_HIGH);
  g_assert_cmpuint (limits.outbox_low, ==, WHERRY_OUTBOX_LOW);
  g_assert_cmpint (limits.block_limit_us, ==, WHERRY_BLOCK_LIMIT_US);
  g_assert_cmpuint (wherry_relay_config_members_per_room (config, "room"), ==,
                    WHERRY_MEMBERS_PER_ROOM);
  g_assert_cmpuint (wherry_relay_config_topics_per_room (config, "room"), ==,
                    WHERRY_TOPICS_PER_ROOM);
  g_assert_cmpint (wherry_relay_config_mirror (config, "topic"), ==, -1);
}

/* For each key by itself the first group that matches and sets it; topics before rooms. */
static void
test_rules (void)
{
  g_autoptr (WherryRelayConfig) config = wherry_relay_config_new ();
  g_autoptr (WherryRelayConfig) copy = NULL;
  WherryOutboxLimits limits;
  WherryRelayRule *rule;

  rule = wherry_relay_config_add_rule (config, "game-*", FALSE);
  rule->members_per_room = 4;
  rule = wherry_relay_config_add_rule (config, "*", FALSE);
  rule->members_per_room = 50;
  rule->topics_per_room = 7;
  rule->outbox_high = 4096;
  rule = wherry_relay_config_add_rule (config, "pos?", TRUE);
  rule->mirror = 2;
  rule->outbox_high = 8192;
  rule->block_limit_us = 5;

  copy = wherry_relay_config_copy (config);
  g_clear_pointer (&config, wherry_relay_config_free);

  g_assert_cmpuint (wherry_relay_config_members_per_room (copy, "game-1"), ==, 4);
  g_assert_cmpuint (wherry_relay_config_members_per_room (copy, "chat"), ==, 50);
  g_assert_cmpuint (wherry_relay_config_topics_per_room (copy, "game-1"), ==, 7);
  g_assert_cmpint (wherry_relay_config_mirror (copy, "pos1"), ==, 2);
  g_assert_cmpint (wherry_relay_config_mirror (copy, "position"), ==, -1);

  wherry_relay_config_outbox_limits (copy, "game-1", "pos1", &limits);
  g_assert_cmpuint (limits.outbox_high, ==, 8192);
  g_assert_cmpuint (limits.outbox_low, ==, 2048);
  g_assert_cmpint (limits.block_limit_us, ==, 5);
  wherry_relay_config_outbox_limits (copy, "game-1", "chat", &limits);
  g_assert_cmpuint (limits.outbox_high, ==, 4096);
  g_assert_cmpuint (limits.outbox_low, ==, 1024);
  g_assert_cmpint (limits.block_limit_us, ==, WHERRY_BLOCK_LIMIT_US);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/relay/config/defaults", test_defaults);
  g_test_add_func ("/relay/config/rules", test_rules);
  return g_test_run ();
}
