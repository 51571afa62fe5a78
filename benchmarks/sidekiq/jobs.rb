# The jobs that the benchmarks run, as `benchmarks/jobs.py` has them. Sidekiq requires this file, and so does the client.
require "sidekiq"

class NoOpJob
  include Sidekiq::Job
  sidekiq_options queue: "bench"

  def perform(number)
  end
end

class SleepJob
  include Sidekiq::Job
  sidekiq_options queue: "bench"

  def perform(seconds)
    sleep(seconds)
  end
end

class StampJob
  include Sidekiq::Job
  sidekiq_options queue: "bench"

  def perform(path, due_at)
    late = Process.clock_gettime(Process::CLOCK_REALTIME) - due_at
    File.open(path, "a") { |file| file.write("#{late} #{Process.pid}\n") }
  end
end
