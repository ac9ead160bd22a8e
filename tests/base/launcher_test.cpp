// Ranks as launchers tell them. The values are those that srun, sbatch, mpirun, mpiexec and torchrun set.
#include "harness/base/launcher.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <map>

#include "harness/base/error.h"

namespace skipbench {
namespace {

using Variables = std::map<std::string, std::string>;

std::optional<Launcher> Find(const Variables& variables) {
  return FindLauncher([&](const char* name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  });
}

struct Expected {
  std::string name;
  int64_t rank, size, local_rank, local_size;
};

void Expect(const Variables& variables, const Expected& expected) {
  const auto found = Find(variables);
  ASSERT_TRUE(found) << expected.name;
  EXPECT_EQ(found->name, expected.name);
  EXPECT_EQ(found->rank, expected.rank) << expected.name;
  EXPECT_EQ(found->size, expected.size) << expected.name;
  EXPECT_EQ(found->local_rank, expected.local_rank) << expected.name;
  EXPECT_EQ(found->local_size, expected.local_size) << expected.name;
}

TEST(Launcher, RanksOfEveryKind) {
  EXPECT_FALSE(Find({}));
  EXPECT_FALSE(Find({{"SLURM_JOB_ID", "7"}, {"RANK", "1"}}));  // a shell of salloc; a variable of anybody
  Expect({{"SLURM_PROCID", "5"}, {"SLURM_NTASKS", "8"}, {"SLURM_LOCALID", "1"}, {"SLURM_STEP_TASKS_PER_NODE", "4(x2)"}},
         {"SLURM", 5, 8, 1, 4});
  Expect({{"SLURM_PROCID", "2"},
          {"SLURM_STEP_NUM_TASKS", "3"},
          {"SLURM_NTASKS", "8"},
          {"SLURM_LOCALID", "0"},
          {"SLURM_STEP_TASKS_PER_NODE", "2,1"}},
         {"SLURM", 2, 3, 0, 0});
  Expect({{"OMPI_COMM_WORLD_RANK", "3"},
          {"OMPI_COMM_WORLD_SIZE", "5"},
          {"OMPI_COMM_WORLD_LOCAL_RANK", "3"},
          {"OMPI_COMM_WORLD_LOCAL_SIZE", "5"},
          {"PMIX_RANK", "3"}},
         {"Open MPI", 3, 5, 3, 5});
  // Under mpirun in a batch job SLURM's variables are those of mpirun's own place.
  Expect({{"OMPI_COMM_WORLD_RANK", "1"}, {"OMPI_COMM_WORLD_SIZE", "2"}, {"SLURM_PROCID", "0"}, {"SLURM_NTASKS", "2"}},
         {"Open MPI", 1, 2, 0, 0});
  Expect({{"PMI_RANK", "1"}, {"PMI_SIZE", "4"}, {"MPI_LOCALRANKID", "1"}, {"MPI_LOCALNRANKS", "2"}},
         {"MPI (PMI)", 1, 4, 1, 2});
  Expect({{"PALS_RANKID", "6"}, {"PMI_SIZE", "8"}, {"PMI_RANK", "6"}, {"PALS_LOCAL_RANKID", "2"}},
         {"PALS", 6, 8, 2, 0});
  Expect({{"RANK", "9"}, {"WORLD_SIZE", "16"}, {"LOCAL_RANK", "1"}, {"LOCAL_WORLD_SIZE", "8"}},
         {"torchrun", 9, 16, 1, 8});
}

TEST(Launcher, TasksOfAnArrayHaveTheirPlaces) {
  const Variables array = {{"SLURM_ARRAY_TASK_ID", "7"},
                           {"SLURM_ARRAY_TASK_COUNT", "3"},
                           {"SLURM_ARRAY_TASK_MIN", "3"},
                           {"SLURM_ARRAY_TASK_STEP", "2"},
                           {"SLURM_ARRAY_JOB_ID", "40"}};
  Expect(array, {"SLURM array", 2, 3, 0, 0});
  EXPECT_EQ(Find(array)->job, "40_7");
  Variables tasks = array;
  tasks.merge(Variables{{"SLURM_PROCID", "1"}, {"SLURM_NTASKS", "2"}, {"SLURM_LOCALID", "1"}});
  Expect(tasks, {"SLURM in an array", 5, 6, 1, 0});
  // In the batch script itself srun's variables name one task.
  tasks["SLURM_PROCID"] = "0";
  tasks["SLURM_NTASKS"] = "1";
  Expect(tasks, {"SLURM array", 2, 3, 1, 0});
}

TEST(Launcher, WhatIsNoRankIsAnError) {
  EXPECT_THROW(Find({{"SLURM_PROCID", "x"}, {"SLURM_NTASKS", "2"}}), Error);
  EXPECT_THROW(Find({{"OMPI_COMM_WORLD_RANK", "2"}, {"OMPI_COMM_WORLD_SIZE", "2"}}), Error);
  EXPECT_THROW(Find({{"RANK", "-1"}, {"WORLD_SIZE", "2"}}), Error);
}

TEST(Launcher, AProcessorOfManyIsNoted) {
  Launcher launcher{.name = "Open MPI", .rank = 1, .size = 2};
  EXPECT_EQ(NoteOnBinding(launcher, 1, 16),
            "this process (rank 1 of 2) is bound to one of the machine's 16 processors: mpirun --bind-to none gives it "
            "all of them");
  EXPECT_EQ(NoteOnBinding(launcher, 2, 16), "");
  EXPECT_EQ(NoteOnBinding(launcher, 1, 1), "");
  launcher.name = "SLURM";
  EXPECT_NE(NoteOnBinding(launcher, 1, 16).find("--cpus-per-task"), std::string::npos);
}

TEST(ProcessName, TellsWhetherAProcessLives) {
  const auto start = StartOf(getpid());
  ASSERT_TRUE(start);
  EXPECT_GT(*start, 0);
  EXPECT_EQ(StartOf(getpid()), start);
  EXPECT_FALSE(StartOf(0x7ffffff0));
  EXPECT_FALSE(ThisProcess().host.empty());
  EXPECT_EQ(ThisProcess().pid, getpid());
}

}  // namespace
}  // namespace skipbench
