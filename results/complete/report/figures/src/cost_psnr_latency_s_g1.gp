# In the folder above: gnuplot -e "load 'src/light.gp'" src/cost_psnr_latency_s_g1.gp (after set terminal ...)
data = 'src/cost_psnr_latency_s_g1.csv'
set lmargin at screen 0.16666666666666666
set rmargin at screen 0.9571428571428572
set tmargin at screen 0.8121212121212121
set bmargin at screen 0.1393939393939394
set xrange [0.020272040799999995:0.30637057463200007]
set yrange [31.95454361198439:59.86040915388282]
set label 'latency of one sample (s)' at screen 0.56190,0.03333 center font ',12' textcolor rgb ink
set label 'PSNR (dB), higher is better' at screen 0.02619,0.47576 center rotate by 90 font ',12' textcolor rgb ink
set arrow from 0.29017631800000004, graph 0 to 0.29017631800000004, graph 1 nohead linecolor rgb muted dashtype 3 back
set label 'full steps' at 0.29017631800000004, graph 0.02 rotate by 90 left offset character -1,0 font ',10' textcolor rgb muted
set label '10 steps' at screen 0.16830,0.20179 left font ',10' textcolor rgb c1 front
set label '15 steps' at screen 0.24855,0.33022 left font ',10' textcolor rgb c1 front
set label '40 steps' at screen 0.78439,0.78919 left font ',10' textcolor rgb c1 front
set label 'N=5' at screen 0.29022,0.28878 left font ',10' textcolor rgb c2 front
set label 'N=3' at screen 0.46776,0.37582 left font ',10' textcolor rgb c2 front
set label 'N=2' at screen 0.51027,0.58819 left font ',10' textcolor rgb c2 front
set label 'δ=0.05, Cmax=6' at screen 0.35568,0.18065 left font ',10' textcolor rgb c3 front
set label 'δ=0.02, Cmax=4' at screen 0.20302,0.40154 left font ',10' textcolor rgb c3 front
set label 'δ=0.02, Cmax=2' at screen 0.28574,0.49961 left font ',10' textcolor rgb c3 front
set label 'δ=0.005, Cmax=2' at screen 0.64970,0.63611 left font ',10' textcolor rgb c3 front
set label 'skips=15' at screen 0.69274,0.69463 left font ',10' textcolor rgb c4 front
$front << END
0.066449342,34.54263633013044
0.083079937,35.13652463053965
0.08558637599999999,36.680545131718894
0.09549552700000001,38.399710763425645
0.099920107,38.509111369553246
0.109003562,41.358173699683725
0.123644881,43.23265848997506
0.12369921299999999,44.02469557093233
0.12617261500000002,44.291952358218595
0.13894226599999998,45.4263490193619
0.14752431800000002,48.33991379116083
0.15098282999999998,48.658876388010626
0.16522779,49.10074981797866
0.189494261,51.08861382641668
0.205073254,56.457382863682774
0.238244655,57.43863196878068
END
unset key
set arrow from screen 0.03333,0.96364 to screen 0.07619,0.96364 nohead linecolor rgb muted linewidth 1.2 dashtype 2
set label 'Pareto front' at screen 0.09048,0.96364 left font ',11' textcolor rgb ink
set label '' at screen 0.53095,0.96364 point pointtype 7 pointsize 0.8 linecolor rgb c1
set label 'fewer steps' at screen 0.56667,0.96364 left font ',11' textcolor rgb ink
set label '' at screen 0.05476,0.91515 point pointtype 5 pointsize 0.8 linecolor rgb c2
set label 'DeepCache' at screen 0.09048,0.91515 left font ',11' textcolor rgb ink
set label '' at screen 0.53095,0.91515 point pointtype 9 pointsize 0.8 linecolor rgb c3
set label 'AdaptiveDiffusion' at screen 0.56667,0.91515 left font ',11' textcolor rgb ink
set label '' at screen 0.05476,0.86667 point pointtype 13 pointsize 0.8 linecolor rgb c4
set label 'fixed path' at screen 0.09048,0.86667 left font ',11' textcolor rgb ink
plot $front using 1:2 with lines linecolor rgb muted linewidth 1.2 dashtype 2 notitle, \
  data using ($1==0?$2:NaN):5 with lines linecolor rgb c1 linewidth 1 notitle, \
  data using ($1==0?$2:NaN):6:(0):($7-$6) with vectors nohead linecolor rgb c1 linewidth 1 notitle, \
  data using ($1==0?$3:NaN):5:($4-$3):(0) with vectors nohead linecolor rgb c1 linewidth 1 notitle, \
  data using ($1==0?$2:NaN):5 with points linecolor rgb c1 pointtype 7 pointsize 0.8 notitle, \
  data using ($1==1?$2:NaN):5 with lines linecolor rgb c2 linewidth 1 notitle, \
  data using ($1==1?$2:NaN):6:(0):($7-$6) with vectors nohead linecolor rgb c2 linewidth 1 notitle, \
  data using ($1==1?$3:NaN):5:($4-$3):(0) with vectors nohead linecolor rgb c2 linewidth 1 notitle, \
  data using ($1==1?$2:NaN):5 with points linecolor rgb c2 pointtype 5 pointsize 0.8 notitle, \
  data using ($1==2?$2:NaN):6:(0):($7-$6) with vectors nohead linecolor rgb c3 linewidth 1 notitle, \
  data using ($1==2?$3:NaN):5:($4-$3):(0) with vectors nohead linecolor rgb c3 linewidth 1 notitle, \
  data using ($1==2?$2:NaN):5 with points linecolor rgb c3 pointtype 9 pointsize 0.8 notitle, \
  data using ($1==3?$2:NaN):5 with lines linecolor rgb c4 linewidth 1 notitle, \
  data using ($1==3?$2:NaN):6:(0):($7-$6) with vectors nohead linecolor rgb c4 linewidth 1 notitle, \
  data using ($1==3?$3:NaN):5:($4-$3):(0) with vectors nohead linecolor rgb c4 linewidth 1 notitle, \
  data using ($1==3?$2:NaN):5 with points linecolor rgb c4 pointtype 13 pointsize 0.8 notitle
