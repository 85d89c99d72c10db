# SPDX-License-Identifier: Apache-2.0
"""What the end-to-end tests share: daemons, images, the agent, its metrics, workloads."""
