using Hikigane.Golden;

return await Score.RunAsync(args);
